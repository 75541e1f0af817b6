import { beforeEach, describe, expect, it, vi } from "vitest";
import { leaveTo } from "../links/leave.ts";
import { decideDevice, makeToken, revokeToken, signOut } from "./account.ts";
import { fetchApps } from "./apps.ts";
import { ApiError, ask, readCsrf } from "./ask.ts";

vi.mock("../links/leave.ts");

function answer(response: () => Response) {
  const fetched = vi.fn<typeof fetch>(async () => response());
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

function refused(status: number, refusal?: string) {
  const headers: Record<string, string> = refusal ? { "x-signet-refusal": refusal } : {};
  return () => Response.json({ error_code: "X", message: "No." }, { status, headers });
}

/** What became of `promise` once everything that can settle has. */
async function outcome(promise: Promise<unknown>) {
  const state = { is: "pending" };
  promise.then(
    () => {
      state.is = "kept";
    },
    () => {
      state.is = "broken";
    },
  );
  await new Promise((done) => setTimeout(done, 20));
  return state.is;
}

beforeEach(() => {
  vi.mocked(leaveTo).mockReset();
  window.history.replaceState(null, "", "/app/research?x=y#/models/a%2Fb");
});

describe("an ended session", () => {
  const kThere = "/app/sign-in?return=%2Fapp%2Fresearch%3Fx%3Dy#/models/a%2Fb";
  const calls: [what: string, call: () => Promise<unknown>][] = [
    ["a question", () => fetchApps()],
    ["a change", () => revokeToken("0123456789abcdef")],
    ["a decision", () => decideDevice("BCDF-GHJK", true)],
  ];
  it.each(calls)("%s leads to sign-in, and no page sees an error", async (_what, call) => {
    answer(refused(401, "unauthenticated"));
    expect(await outcome(call())).toBe("pending");
    expect(vi.mocked(leaveTo).mock.calls).toEqual([[kThere]]);
  });

  it("is one without the header, too, when the API says 401", async () => {
    answer(refused(401));
    expect(await outcome(fetchApps())).toBe("pending");
    expect(leaveTo).toHaveBeenCalledWith(kThere);
  });

  it("is seen when an app's page is asked for", async () => {
    answer(refused(401, "unauthenticated"));
    expect(await outcome(ask("https://mlflow.example.com/apps/x/"))).toBe("pending");
    expect(leaveTo).toHaveBeenCalledWith(kThere);
  });

  const others: [what: string, response: () => Response][] = [
    ["an app's own 401", refused(401)],
    ["403", refused(403, "forbidden")],
    ["503", refused(503, "overloaded")],
    ["200", () => Response.json({})],
  ];
  it.each(others)("%s is none", async (_what, response) => {
    answer(response);
    expect(await outcome(ask("/apps/x/"))).toBe("kept");
    expect(leaveTo).not.toHaveBeenCalled();
  });
});

describe("what changes something", () => {
  const cookies: [cookies: string, value: string][] = [
    ["mlflow-request-header-X-Signet-Csrf=abc123", "abc123"],
    ["a=b; mlflow-request-header-X-Signet-Csrf=abc=; c=d", "abc="],
    ["x-mlflow-request-header-X-Signet-Csrf=no; other=1", ""],
    ["mlflow-request-header-x-signet-csrf=no", ""],
    ["", ""],
  ];
  it.each(cookies)("finds its proof in %j", (text, value) => {
    expect(readCsrf(text)).toBe(value);
  });

  it("carries the proof and is never cached", async () => {
    vi.spyOn(document, "cookie", "get").mockReturnValue(
      "mlflow-request-header-X-Signet-Csrf=proof",
    );
    const fetched = answer(() => new Response(null, { status: 204 }));
    await revokeToken("a/b");
    expect(fetched).toHaveBeenCalledWith("/signet/api/v1/tokens/a%2Fb", {
      method: "DELETE",
      headers: { accept: "application/json", "X-Signet-Csrf": "proof" },
      cache: "no-store",
    });
  });

  it("tells a refusal by its name", async () => {
    answer(refused(403, "sign-in-too-old"));
    const wanted = { title: "t", lifetime_days: 1, apps: [], permission: null };
    const failed = await makeToken({ ...wanted, kind: "personal" }).catch((error) => error);
    expect(failed).toBeInstanceOf(ApiError);
    expect(failed).toMatchObject({ refusal: "sign-in-too-old", status: 403, message: "No." });
  });

  it("tells an answer that is none", async () => {
    answer(() => new Response("<p>"));
    const wanted = { title: "t", lifetime_days: 1, apps: [], permission: null };
    await expect(makeToken({ ...wanted, kind: "personal" })).rejects.toThrow("not understood");
  });
});

describe("signing out", () => {
  const answers: [what: string, response: () => Response, to: string][] = [
    ["a page here", () => Response.json({ location: "/app/signed-out" }), "/app/signed-out"],
    [
      "a provider",
      () => Response.json({ location: "https://login.example.com/logout?x=y" }),
      "https://login.example.com/logout?x=y",
    ],
    ["a script", () => Response.json({ location: "javascript:alert(1)" }), "/fallback"],
    ["nothing", () => Response.json({}), "/fallback"],
    ["no session", refused(401, "unauthenticated"), "/fallback"],
  ];
  it.each(answers)("%s", async (_what, response, to) => {
    const fetched = answer(response);
    expect(await signOut("/fallback")).toBe(to);
    expect(fetched.mock.calls[0]?.[0]).toBe("/signet/sign-out");
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: "POST" });
    expect(leaveTo).not.toHaveBeenCalled();
  });

  it("can fail", async () => {
    answer(refused(503, "overloaded"));
    await expect(signOut("/fallback")).rejects.toThrow("No.");
  });
});
