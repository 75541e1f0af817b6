import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { leaveTo } from "../links/leave.ts";
import { keepDraft, keptDraft } from "../parts/token-draft.ts";
import { answerWith, kMe, kToken, refuse, show } from "./page-for-tests.tsx";
import TokensPage from "./tokens-page.tsx";

vi.mock("../links/leave.ts");

const kSecret = "signet_pat_TopSecret";

function tokens(...list: unknown[]) {
  return () => Response.json({ tokens: list });
}

beforeEach(() => {
  sessionStorage.clear();
  vi.mocked(leaveTo).mockReset();
});

async function fillIn(title: string) {
  await userEvent.click(await screen.findByRole("button", { name: "Make token" }));
  const dialog = await screen.findByRole("dialog");
  await userEvent.type(within(dialog).getByLabelText("Title"), title);
  return dialog;
}

function submit(dialog: HTMLElement) {
  return userEvent.click(within(dialog).getByRole("button", { name: "Make token" }));
}

describe("my tokens", () => {
  it("says what each is good for, newest first", async () => {
    answerWith({
      "GET /tokens": tokens(
        { ...kToken, id: "1", title: "Old", apps: [], permission: null, state: "expired" },
        {
          ...kToken,
          id: "2",
          title: "New",
          made_at: "2026-11-25T10:00:00Z",
          kind: "service",
          last_used_at: "2026-11-25T11:00:00Z",
        },
        { ...kToken, id: "3", title: "Gone", apps: ["gone"], permission: "ODD", state: "revoked" },
      ),
    });
    show(<TokensPage />, "/app/tokens");
    const table = await screen.findByRole("table", { name: "My tokens" });
    await within(table).findByText("Old");
    const rows = within(table)
      .getAllByRole("row")
      .slice(1)
      .map((row) => row.textContent);
    expect(rows[0]).toMatch(
      /^New Service.*Research · Edit at most25 Nov 2026.*20 Dec 2026.*25 Nov 2026.*UsableRevoke$/,
    );
    expect(rows[1]).toMatch(/^Old All apps20 Nov 2026.*NeverExpired$/);
    expect(rows[2]).toMatch(/^Gone gone · ODD.*Revoked$/);
  });

  it("makes one, shows its secret once and keeps it nowhere", async () => {
    const store = vi.spyOn(Storage.prototype, "setItem");
    const changes = answerWith({
      "GET /tokens": tokens(),
      "POST /tokens": () =>
        Response.json({ token: { ...kToken, apps: [] }, secret: kSecret }, { status: 201 }),
    });
    const client = show(<TokensPage />, "/app/tokens");
    await submit(await fillIn("  Nightly training "));
    await screen.findByText("“Nightly training” is made");
    expect(changes).toEqual([
      {
        what: "POST /tokens",
        body: {
          title: "Nightly training",
          lifetime_days: 30,
          apps: [],
          permission: null,
          kind: "personal",
        },
      },
    ]);
    expect(screen.getByText(kSecret)).toBeTruthy();
    const shown = screen.getByRole("dialog").textContent;
    expect(shown).toContain(`os.environ["MLFLOW_TRACKING_TOKEN"] = "${kSecret}"`);
    expect(shown).toContain('"https://mlflow.example.com/apps/research"');

    const caches = [client.getQueryCache(), client.getMutationCache()];
    const kept = JSON.stringify(caches.flatMap((cache) => cache.getAll().map((one) => one.state)));
    expect(kept).not.toContain(kSecret);
    expect(JSON.stringify(store.mock.calls)).not.toContain(kSecret);
    expect(window.location.href).not.toContain(kSecret);
    expect(keptDraft(kMe.person.id)).toBeNull();

    await userEvent.click(screen.getByRole("button", { name: "Done" }));
    expect(screen.getByText("It will not be shown again.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Back" }));
    expect(screen.getByText(kSecret)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Done" }));
    await userEvent.click(screen.getByRole("button", { name: "Close for good" }));
    expect(document.body.textContent).not.toContain(kSecret);
  });

  it("asks for what is missing", async () => {
    const changes = answerWith({ "GET /tokens": tokens() });
    show(<TokensPage />, "/app/tokens");
    await userEvent.click(await screen.findByRole("button", { name: "Make token" }));
    const dialog = await screen.findByRole("dialog");
    await userEvent.click(within(dialog).getByLabelText(/Only some/));
    await submit(dialog);
    expect(within(dialog).getByText("Give it a title.")).toBeTruthy();
    expect(within(dialog).getByText("Choose one at least.")).toBeTruthy();
    expect(changes).toEqual([]);
  });

  it("a sign-in that is too old is renewed, and the form is as it was", async () => {
    const changes = answerWith({
      "GET /tokens": tokens(),
      "POST /tokens": refuse(403, "sign-in-too-old"),
    });
    show(<TokensPage />, "/app/tokens");
    await submit(await fillIn("Nightly"));
    await userEvent.click(await screen.findByRole("button", { name: "Sign in again" }));
    expect(vi.mocked(leaveTo).mock.calls).toEqual([
      ["/signet/sign-in?provider=corp&fresh=1&return=%2Fapp%2Ftokens"],
    ]);
    expect(keptDraft(kMe.person.id)).toMatchObject({ title: "Nightly", days: 30, apps: null });
    expect(keptDraft("bob@example.com")).toBeNull();
    expect(changes).toHaveLength(1);
  });

  it("opens the kept form, with everything in it, and forgets it when it is closed", async () => {
    keepDraft(kMe.person.id, { title: "Kept", days: 7, apps: ["sandbox"], permission: "READ" });
    const changes = answerWith({
      "GET /tokens": tokens(),
      "POST /tokens": refuse(500, "", "Broken."),
    });
    show(<TokensPage />, "/app/tokens");
    const dialog = await screen.findByRole("dialog");
    await submit(dialog);
    expect(changes[0]?.body).toEqual({
      title: "Kept",
      lifetime_days: 7,
      apps: ["sandbox"],
      permission: "READ",
      kind: "personal",
    });
    expect(await within(dialog).findByText("Broken.")).toBeTruthy();
    await userEvent.click(within(dialog).getByRole("button", { name: "Cancel" }));
    expect(keptDraft(kMe.person.id)).toBeNull();
    await userEvent.click(await screen.findByRole("button", { name: "Make token" }));
    expect((await screen.findByLabelText<HTMLInputElement>("Title")).value).toBe("");
  });

  it("takes no form of somebody else, nor one that is broken", async () => {
    keepDraft("bob@example.com", { title: "Bob's", days: 7, apps: null, permission: "" });
    answerWith({ "GET /tokens": tokens() });
    show(<TokensPage />, "/app/tokens");
    await screen.findByText("No tokens yet");
    expect(screen.queryByRole("dialog")).toBeNull();
    for (const text of ["{", "[]", "null", '{"person":"ada@example.com"}', "7"]) {
      sessionStorage.setItem("signet:token-draft", text);
      expect(keptDraft(kMe.person.id)).toBeNull();
    }
  });

  it("revokes one after asking", async () => {
    let list = [kToken];
    const changes = answerWith({
      "GET /tokens": () => Response.json({ tokens: list }),
      [`DELETE /tokens/${kToken.id}`]: () => {
        list = [];
        return new Response(null, { status: 204 });
      },
    });
    show(<TokensPage />, "/app/tokens");
    await userEvent.click(await screen.findByRole("button", { name: "Revoke Nightly training" }));
    const dialog = await screen.findByRole("dialog");
    expect(changes).toEqual([]);
    await userEvent.click(within(dialog).getByRole("button", { name: "Revoke" }));
    expect(await screen.findByText("No tokens yet")).toBeTruthy();
    expect(changes).toEqual([{ what: `DELETE /tokens/${kToken.id}`, body: undefined }]);
  });

  it("a revocation that fails is told", async () => {
    answerWith({
      "GET /tokens": tokens(kToken),
      [`DELETE /tokens/${kToken.id}`]: refuse(503, "overloaded", "The store is down."),
    });
    show(<TokensPage />, "/app/tokens");
    await userEvent.click(await screen.findByRole("button", { name: "Revoke Nightly training" }));
    const dialog = await screen.findByRole("dialog");
    await userEvent.click(within(dialog).getByRole("button", { name: "Revoke" }));
    expect(await within(dialog).findByText("The store is down.")).toBeTruthy();
  });

  it("offers no making to whom it is not allowed", async () => {
    answerWith({
      "GET /me": () => Response.json({ ...kMe, can_make_tokens: false }),
      "GET /tokens": tokens(),
    });
    show(<TokensPage />, "/app/tokens");
    const button = await screen.findByRole("button", { name: "Make token" });
    await userEvent.click(button);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("has nothing for an anonymous caller", async () => {
    answerWith({ "GET /me": () => Response.json({ ...kMe, means: "anonymous" }) });
    show(<TokensPage />, "/app/tokens");
    expect(await screen.findByText("There are no tokens here")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /Account/ })).toBeNull();
  });
});

describe("the account in the bar", () => {
  const open = async () => {
    await userEvent.click(await screen.findByRole("button", { name: "Account of Ada Lovelace" }));
  };

  it("signs out and goes where the gateway says", async () => {
    const changes = answerWith({
      "GET /tokens": tokens(),
      "POST /signet/sign-out": () => Response.json({ location: "https://login.example.com/out" }),
    });
    show(<TokensPage />, "/app/tokens");
    await open();
    expect(screen.getByText("ada@example.com")).toBeTruthy();
    expect(screen.getByRole("menuitem", { name: "My tokens" }).getAttribute("href")).toBe(
      "/app/tokens",
    );
    await userEvent.click(screen.getByRole("menuitem", { name: "Sign out" }));
    await waitFor(() =>
      expect(vi.mocked(leaveTo).mock.calls).toEqual([["https://login.example.com/out"]]),
    );
    expect(changes).toEqual([{ what: "POST /signet/sign-out", body: undefined }]);
  });

  it("tells when signing out failed", async () => {
    answerWith({
      "GET /tokens": tokens(),
      "POST /signet/sign-out": refuse(503, "overloaded"),
    });
    show(<TokensPage />, "/app/tokens");
    await open();
    await userEvent.click(screen.getByRole("menuitem", { name: "Sign out" }));
    expect(await screen.findByText("Signing out failed: try again")).toBeTruthy();
    expect(leaveTo).not.toHaveBeenCalled();
  });

  it("offers no sign-out of what is no session", async () => {
    const me = { ...kMe, means: "bearer", person: { ...kMe.person, name: "" } };
    answerWith({ "GET /me": () => Response.json(me), "GET /tokens": tokens() });
    show(<TokensPage />, "/app/tokens");
    await userEvent.click(
      await screen.findByRole("button", { name: "Account of ada@example.com" }),
    );
    expect(screen.getByRole("menuitem", { name: "My tokens" })).toBeTruthy();
    expect(screen.queryByRole("menuitem", { name: "Sign out" })).toBeNull();
  });
});
