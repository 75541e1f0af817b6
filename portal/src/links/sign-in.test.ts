import { describe, expect, it } from "vitest";
import { readAddress } from "./address.ts";
import { isSafeReturn, providerAddress, readReturn, signInAddress } from "./sign-in.ts";
import { isUserCode, tidyUserCode } from "./user-code.ts";

const kOrigin = "https://mlflow.example.com";

function visit(address: string) {
  return new URL(address, kOrigin);
}

/** Where a browser ends up that is sent to the sign-in page with this `return`, as it stands. */
function back(asked: string, hash = "") {
  return readReturn(visit(`/app/sign-in?return=${asked}${hash}`));
}

describe("the way back", () => {
  const good: [path: string, hash: string, back: string][] = [
    ["/app", "", "/app"],
    ["/", "", "/"],
    ["/app/research/experiments/7?x=y", "", "/app/research/experiments/7?x=y"],
    ["/app/research/experiments/7", "#metrics", "/app/research/experiments/7#metrics"],
    ["/app/research", "#/models/a%2Fb", "/app/research#/models/a%2Fb"],
    ["/apps/x/", "#/experiments/7", "/apps/x/#/experiments/7"],
    ["/apps/x/#/experiments/7", "", "/apps/x/#/experiments/7"],
    ["/apps/x/#/experiments/7", "#/other", "/apps/x/#/experiments/7"],
    ["/app/device?user_code=ABCD-EFGH", "", "/app/device?user_code=ABCD-EFGH"],
    ["/app/x?q=%2F%2Fevil.example.com", "", "/app/x?q=%2F%2Fevil.example.com"],
    ["/app/x?q=https://evil.example.com", "", "/app/x?q=https://evil.example.com"],
    ["/app/models/caf%C3%A9", "", "/app/models/caf%C3%A9"],
    ["/signet-notes", "", "/signet-notes"],
    // A fragment that the gateway would refuse is tidied, and left out where that is no help.
    ["/apps/x/", "#/a#b", "/apps/x/#/a%23b"],
    ["/apps/x/", "#/a\\b", "/apps/x/#/a%5Cb"],
    ["/apps/x/", "#/é", "/apps/x/#/%C3%A9"],
    ["/apps/x/", "#/nul%00", "/apps/x/"],
    ["/apps/x/", "#", "/apps/x/"],
    ["/apps/x/", `#/${"a".repeat(3000)}`, "/apps/x/"],
  ];
  it.each(good)("%s with %s leads to %s", (path, hash, expected) => {
    expect(back(encodeURIComponent(path), hash)).toBe(expected);
    expect(visit(expected).origin).toBe(kOrigin);
  });

  it("without one it is the portal, and the fragment still counts", () => {
    expect(readReturn(visit("/app/sign-in"))).toBe("/app");
    expect(readReturn(visit("/app/sign-in#/experiments/7"))).toBe("/app#/experiments/7");
  });

  it("two are none", () => {
    expect(readReturn(visit("/app/sign-in?return=/a&return=/b"))).toBe("/app");
  });

  const hostile = [
    "",
    "//evil",
    "//evil.example.com/app",
    "///evil.example.com",
    "/\\evil.example.com",
    "/\\/evil.example.com",
    "\\\\evil.example.com",
    "\\/evil.example.com",
    "https:evil.example.com",
    "https:/evil.example.com",
    "https://evil.example.com",
    "HTTPS://evil.example.com",
    "//evil.example.com:443@mlflow.example.com",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example.com",
    "@evil.example.com",
    ".evil.example.com",
    "?x",
    "#/x",
    "%2f%2fevil.example.com",
    "/%2f%2fevil.example.com",
    "/%2Fevil.example.com",
    "/%5cevil.example.com",
    "/%5C%5Cevil.example.com",
    "/%252fevil.example.com",
    "/%25252fevil.example.com",
    "/\tevil.example.com",
    "/\t/evil.example.com",
    "\t//evil.example.com",
    "/\n/evil.example.com",
    "/\r\nLocation: https://evil.example.com",
    "/%09/evil.example.com",
    "/%0d%0aLocation:%20https://evil.example.com",
    "/app%00",
    "/app?x=%00",
    "/app#%0a",
    "/app%7f",
    " /app",
    "/app x",
    "/app\u00a0x",
    "/é",
    "/\ud800",
    "/\u2028/evil.example.com",
    "/app//evil.example.com",
    "/app/..//evil.example.com",
    "/./app",
    "/app/../signet/sign-out",
    "/app/%2e%2e/signet/sign-out",
    "/app/.%2E/signet/sign-out",
    "/app/..",
    "/app;x=y",
    "/app%3bx",
    "/app%",
    "/app%zz",
    "/app%ff",
    "/app#a#b",
    "/app\\x",
    "/app?x=\\",
    "/signet",
    "/signet/sign-out",
    "/signet/sign-in?provider=corp",
    "/%73ignet/sign-out",
    "/app/sign-in",
    "/app/sign-in?return=/app/sign-in",
    "/app/signed-out",
  ];
  it.each(hostile)("%j is not taken", (text) => {
    expect(isSafeReturn(text)).toBe(false);
    expect(back(encodeURIComponent(text.toWellFormed()))).toBe("/app");
  });
  it.each(hostile)("%j leads nowhere else as it stands in an address either", (text) => {
    const { origin, pathname } = visit(back(text));
    expect(origin).toBe(kOrigin);
    expect(decodeURIComponent(pathname)).not.toMatch(/^\/(?:signet|[/\\])/);
  });
});

it("a way back has an end", () => {
  expect(isSafeReturn(`/${"a".repeat(2047)}`)).toBe(true);
  expect(isSafeReturn(`/${"a".repeat(2048)}`)).toBe(false);
});

describe("addresses of sign-in", () => {
  const places = [
    "/app",
    "/app/research/experiments/7/runs/abc?x=y&z=%20",
    "/app/research#/models/a%2Fb",
    "/app/research/compare-runs?runs=%5B%22a%22,%22b%22%5D",
    "/app/tokens",
  ];
  it.each(places)("from %s they lead back there", (place) => {
    const signIn = visit(signInAddress(visit(place)));
    expect(signIn.pathname).toBe("/app/sign-in");
    const there = readReturn(signIn);
    expect(there).toBe(place);
    expect(readAddress(visit(there))).toEqual(readAddress(visit(place)));

    const onward = visit(providerAddress("corp", there));
    expect(onward.pathname).toBe("/signet/sign-in");
    expect(onward.hash).toBe("");
    expect(Object.fromEntries(onward.searchParams)).toEqual({ provider: "corp", return: place });
  });

  it("the provider and the wish for a fresh proof are said", () => {
    expect(providerAddress("a&b=c", "/app?x=y#z", true)).toBe(
      "/signet/sign-in?provider=a%26b%3Dc&fresh=1&return=%2Fapp%3Fx%3Dy%23z",
    );
  });
});

describe("the code of a device", () => {
  const typed: [typed: string, code: string, whole: boolean][] = [
    ["BCDF-GHJK", "BCDF-GHJK", true],
    ["bcdfghjk", "BCDF-GHJK", true],
    [" bcdf ghjk ", "BCDF-GHJK", true],
    ["BCDF–GHJK", "BCDF-GHJK", true],
    ["BCDF-GHJKLM", "BCDF-GHJK", true],
    ["BCDF-GH", "BCDF-GH", false],
    ["BCDF", "BCDF", false],
    ["", "", false],
    ["<script>", "SCRI-PT", false],
  ];
  it.each(typed)("%j is %j", (text, code, whole) => {
    expect(tidyUserCode(text)).toBe(code);
    expect(isUserCode(code)).toBe(whole);
  });
});
