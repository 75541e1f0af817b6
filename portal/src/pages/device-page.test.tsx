import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import type { DeviceGrant } from "../api/account.ts";
import DevicePage from "./device-page.tsx";
import { answerWith, refuse, show } from "./page-for-tests.tsx";

const kLookUp = "GET /device/grants?user_code=BCDF-GHJK";
const kGrant: DeviceGrant = {
  user_code: "BCDF-GHJK",
  client_address: "203.0.113.7",
  made_at: "2026-11-26T10:00:00Z",
  expires_at: new Date(Date.now() + 600_000).toISOString(),
  state: "pending",
};

describe("approving a device", () => {
  it("takes a code however it is typed and shows the request before anything is given", async () => {
    const changes = answerWith({
      [kLookUp]: () => Response.json(kGrant),
      "POST /device/grants": () => new Response(null, { status: 204 }),
    });
    show(<DevicePage />, "/app/device");
    await userEvent.type(await screen.findByLabelText("Code"), "bcdfghjk{enter}");
    expect(await screen.findByText("203.0.113.7")).toBeTruthy();
    expect(screen.getByText("BCDF-GHJK")).toBeTruthy();
    expect(screen.getByText(/Approve only what you started yourself/)).toBeTruthy();
    expect(await screen.findByText("Would act as")).toBeTruthy();
    expect(changes).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Approve" }));
    expect(await screen.findByText("Approved")).toBeTruthy();
    expect(changes).toEqual([
      { what: "POST /device/grants", body: { user_code: "BCDF-GHJK", approve: true } },
    ]);
  });

  it("denies", async () => {
    const changes = answerWith({
      [kLookUp]: () => Response.json(kGrant),
      "POST /device/grants": () => new Response(null, { status: 204 }),
    });
    show(<DevicePage />, "/app/device?user_code=BCDF-GHJK");
    await userEvent.click(await screen.findByRole("button", { name: "Deny" }));
    expect(await screen.findByText("Denied")).toBeTruthy();
    expect(changes[0]?.body).toEqual({ user_code: "BCDF-GHJK", approve: false });
  });

  it("tells a decision that failed", async () => {
    answerWith({
      [kLookUp]: () => Response.json(kGrant),
      "POST /device/grants": refuse(404, "", "It is too late."),
    });
    show(<DevicePage />, "/app/device?user_code=BCDF-GHJK");
    await userEvent.click(await screen.findByRole("button", { name: "Approve" }));
    expect(await screen.findByText("It is too late.")).toBeTruthy();
  });

  const ends: [what: string, answer: () => Response, text: RegExp][] = [
    ["approved", () => Response.json({ ...kGrant, state: "approved" }), /^Approved$/],
    ["denied", () => Response.json({ ...kGrant, state: "denied" }), /^Denied$/],
    [
      "too old",
      () => Response.json({ ...kGrant, expires_at: "2026-11-26T00:00:00Z" }),
      /is too old/,
    ],
    ["unknown", refuse(404, ""), /is not known/],
    ["failing", refuse(503, "overloaded", "The store is down."), /The store is down/],
  ];
  it.each(ends)("a request that is %s cannot be approved", async (_what, answer, text) => {
    answerWith({ [kLookUp]: answer });
    show(<DevicePage />, "/app/device?user_code=BCDF-GHJK");
    expect(await screen.findByText(text)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Approve" })).toBeNull();
  });

  it("looks nothing up before the code is whole", async () => {
    answerWith({});
    show(<DevicePage />, "/app/device?user_code=BC");
    await userEvent.click(await screen.findByRole("button", { name: "Look it up" }));
    expect(screen.getByText("That is no whole code.")).toBeTruthy();
  });
});
