import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Provider } from "../api/account.ts";
import { leaveTo } from "../links/leave.ts";
import { noteWentOn, wentOnJustNow } from "../parts/went-on.ts";
import { answerWith, refuse, show } from "./page-for-tests.tsx";
import SignInPage from "./sign-in-page.tsx";

vi.mock("../links/leave.ts");

const kCorp: Provider = { name: "corp", title: "Company login" };
const kGuests: Provider = { name: "guests", title: "Guests" };

function open(address: string, ...providers: Provider[]) {
  answerWith({ "GET /sign-in": () => Response.json({ title: "ML platform", providers }) });
  show(<SignInPage />, address);
}

function href(name: string) {
  return screen.getByRole("link", { name }).getAttribute("href");
}

beforeEach(() => {
  sessionStorage.clear();
  vi.mocked(leaveTo).mockReset();
});

describe("the sign-in page", () => {
  it("goes on by itself to the only provider, with the way back", async () => {
    open("/app/sign-in?return=%2Fapp%2Fresearch%3Fx%3Dy#/models/a%2Fb", kCorp);
    expect(await screen.findByText("Going on to Company login …")).toBeTruthy();
    expect(vi.mocked(leaveTo).mock.calls).toEqual([
      ["/signet/sign-in?provider=corp&return=%2Fapp%2Fresearch%3Fx%3Dy%23%2Fmodels%2Fa%252Fb"],
    ]);
  });

  it("does not carry a hostile way back", async () => {
    open("/app/sign-in?return=%2F%2Fevil.example.com", kCorp);
    await screen.findByText("Going on to Company login …");
    expect(leaveTo).toHaveBeenCalledWith("/signet/sign-in?provider=corp&return=%2Fapp");
  });

  it("stays when it is to be chosen", async () => {
    open("/app/sign-in?chooser=1&return=/app/x", kCorp);
    await screen.findByText("Sign in to ML platform");
    expect(href("Continue with Company login")).toBe(
      "/signet/sign-in?provider=corp&return=%2Fapp%2Fx",
    );
    expect(leaveTo).not.toHaveBeenCalled();
  });

  it("stays when it went on a moment ago and is back", async () => {
    noteWentOn();
    open("/app/sign-in?return=/app/x", kCorp);
    await screen.findByText("Sign in to ML platform");
    expect(leaveTo).not.toHaveBeenCalled();
  });

  it("offers several providers", async () => {
    open("/app/sign-in?return=/app/x", kCorp, kGuests);
    await screen.findByText("Sign in to ML platform");
    expect(href("Continue with Company login")).toContain("provider=corp&");
    expect(href("Continue with Guests")).toBe("/signet/sign-in?provider=guests&return=%2Fapp%2Fx");
    expect(leaveTo).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("link", { name: "Continue with Guests" }));
    expect(vi.mocked(leaveTo).mock.calls).toEqual([
      ["/signet/sign-in?provider=guests&return=%2Fapp%2Fx"],
    ]);
  });

  it("says so when there is none", async () => {
    open("/app/sign-in");
    expect(await screen.findByText("Sign-in is by token only")).toBeTruthy();
    expect(screen.queryByRole("link", { name: /Continue/ })).toBeNull();
  });

  const codes: [code: string, text: RegExp, fresh: boolean][] = [
    ["denied", /was cancelled, or it was denied/, false],
    ["unavailable", /cannot be reached/, false],
    ["expired", /took too long/, false],
    ["not_allowed", /may not sign in here/, true],
    ["unverified_email", /is not verified/, true],
    ["failed", /did not work/, false],
    ["<b>Call+555-1234</b>", /did not work/, false],
    ["constructor", /did not work/, false],
    ["", /did not work/, false],
  ];
  it.each(codes)("says in plain words what %j means", async (code, text, fresh) => {
    open(`/app/sign-in?error=${encodeURIComponent(code)}&return=/app/x`, kCorp);
    expect(await screen.findByText(text)).toBeTruthy();
    expect(document.body.textContent).not.toContain("555");
    expect(href("Try again")).toBe(
      `/signet/sign-in?provider=corp${fresh ? "&fresh=1" : ""}&return=%2Fapp%2Fx`,
    );
    expect(leaveTo).not.toHaveBeenCalled();
  });

  it("after an error lets choose among several again", async () => {
    open("/app/sign-in?error=denied&return=/app/x#/y", kCorp, kGuests);
    await screen.findByText(/was cancelled/);
    expect(href("Try again")).toBe("/app/sign-in?chooser=1&return=%2Fapp%2Fx%23%2Fy");
  });

  it("tells that it could not be loaded", async () => {
    answerWith({ "GET /sign-in": refuse(503, "overloaded", "The gateway is starting.") });
    show(<SignInPage />, "/app/sign-in");
    expect(await screen.findByText("The gateway is starting.", {}, { timeout: 3000 })).toBeTruthy();
  });

  it("in MLflow's frame hands over to the portal around it", async () => {
    const postMessage = vi.fn();
    vi.spyOn(window, "parent", "get").mockReturnValue({ postMessage } as unknown as Window);
    open("/app/sign-in?return=/apps/x/#/y", kCorp);
    await screen.findByText("You are not signed in");
    expect(postMessage.mock.calls).toEqual([
      [{ type: "signet:session-ended" }, window.location.origin],
    ]);
    expect(screen.getByRole("link", { name: "Sign in" }).getAttribute("target")).toBe("_top");
    expect(href("Sign in")).toBe("/app/sign-in?return=/apps/x/#/y");
    expect(leaveTo).not.toHaveBeenCalled();
  });
});

describe("having gone on", () => {
  const rows: [age: number, justNow: boolean][] = [
    [0, true],
    [14_999, true],
    [15_000, false],
    [-1, false],
  ];
  it.each(rows)("%i ms ago", (age, justNow) => {
    noteWentOn(1_000_000);
    expect(wentOnJustNow(1_000_000 + age)).toBe(justNow);
  });

  it("never, or with a strange note", () => {
    expect(wentOnJustNow()).toBe(false);
    sessionStorage.setItem("signet:went-on", "x");
    expect(wentOnJustNow()).toBe(false);
  });
});
