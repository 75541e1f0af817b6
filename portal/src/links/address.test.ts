import { describe, expect, it } from "vitest";
import { readAddress, sameRoute, writeAddress } from "./address.ts";
import { frameUrl, readMount, routeInFrame } from "./mount.ts";

const kOrigin = "https://mlflow.example.com";

/** What a browser makes of an address typed into it. */
function visit(address: string) {
  return new URL(address, kOrigin);
}

describe("an address and its route", () => {
  const both: [route: string, address: string][] = [
    ["/", "/app/research"],
    ["/experiments", "/app/research/experiments"],
    ["/experiments/7/runs/abc?x=y", "/app/research/experiments/7/runs/abc?x=y"],
    ["/experiments/7/runs/abc?x=y#metrics", "/app/research/experiments/7/runs/abc?x=y#metrics"],
    ["/?workspace=red", "/app/research?workspace=red"],
    [
      "/experiments/1/runs/r/artifacts/read%20me",
      "/app/research/experiments/1/runs/r/artifacts/read%20me",
    ],
    ["/models/caf%C3%A9", "/app/research/models/caf%C3%A9"],
    ["/models/a+b:c@d,(e)", "/app/research/models/a+b:c@d,(e)"],
    ["/experiments/1/traces?q=a%26b", "/app/research/experiments/1/traces?q=a%26b"],
    // What the gateway would refuse or take for a file stays in the fragment.
    ["/models/a%2Fb", "/app/research#/models/a%2Fb"],
    ["/models/a%5cb", "/app/research#/models/a%5cb"],
    ["/models/my.model", "/app/research#/models/my.model"],
    ["/models/a;b", "/app/research#/models/a;b"],
    ["/models/100%25", "/app/research#/models/100%25"],
    ["/models/bad%zz", "/app/research#/models/bad%zz"],
    ["/models/bad%ff", "/app/research#/models/bad%ff"],
    ["/models/nul%00", "/app/research#/models/nul%00"],
    ["/experiments/", "/app/research#/experiments/"],
    ["/experiments?q=%ff", "/app/research#/experiments?q=%ff"],
    ["/experiments?X-Amz-Date=1", "/app/research#/experiments?X-Amz-Date=1"],
    ["/experiments?a=1&%78-amz-date=1", "/app/research#/experiments?a=1&%78-amz-date=1"],
    ["/#/other", "/app/research#/#/other"],
  ];

  it.each(both)("%s ↔ %s", (route, address) => {
    expect(writeAddress("research", route)).toBe(address);
    expect(readAddress(visit(address))).toEqual({ app: "research", route });
  });

  it("escapes what a query may not hold, and still means the same place", () => {
    const route = '/compare-runs?runs=["a","b"]&experiments=["7"]&q=50%';
    const address = writeAddress("research", route);
    expect(address).toBe(
      "/app/research/compare-runs?runs=%5B%22a%22,%22b%22%5D&experiments=%5B%227%22%5D&q=50%25",
    );
    const back = readAddress(visit(address)).route;
    expect(new URLSearchParams(back.split("?")[1]).get("runs")).toBe('["a","b"]');
    expect(sameRoute(back, route)).toBe(true);
  });

  it("treats a missing first slash as MLflow does", () => {
    expect(writeAddress("research", "experiments/7")).toBe("/app/research/experiments/7");
    expect(writeAddress("research", "")).toBe("/app/research");
  });
});

describe("addresses without an app", () => {
  const rows: [address: string, route: string][] = [
    ["/app", "/"],
    ["/app/", "/"],
    ["/app#/experiments/7/runs/abc?x=y", "/experiments/7/runs/abc?x=y"],
    ["/app/#/experiments/7", "/experiments/7"],
    ["/app#top", "/"],
    ["/app?x=y", "/"],
  ];
  it.each(rows)("%s", (address, route) => {
    expect(readAddress(visit(address))).toEqual({ app: null, route });
  });
});

describe("hostile input", () => {
  const routes = [
    "//evil.example.com",
    "//evil.example.com/%2e%2e",
    "///evil.example.com",
    "/\\evil.example.com",
    "\\\\evil.example.com",
    "/../../../etc/passwd",
    "/../../signet/sign-out",
    "/%2e%2e/%2E%2e/signet/sign-out",
    "/.%2e/x",
    "/%252e%252e/x",
    "/..%2fx",
    "/..%5cx",
    "/a/./b",
    "javascript:alert(1)",
    "/javascript:alert(1)",
    "data:text/html,x",
    "https://evil.example.com/",
    "@evil.example.com",
    "/?next=//evil.example.com",
    "/#//evil.example.com",
    "?#",
    "/\t/evil.example.com",
    "/\n//evil.example.com",
    "/\u0000",
    "/\ud800",
    "/x?\ud800",
    "/é/ü",
    "/<script>alert(1)</script>",
  ];

  it.each(routes)("%j stays below the app", (route) => {
    const url = visit(writeAddress("research", route));
    expect(url.origin).toBe(kOrigin);
    expect(url.pathname).toMatch(/^\/app\/research(?:\/|$)/);
    expect(readAddress(url).app).toBe("research");

    const mount = readMount("/apps/research/", kOrigin);
    if (mount === null) throw new Error("the mount was refused");
    const frame = new URL(frameUrl(mount, readAddress(url).route));
    expect(frame.origin).toBe(kOrigin);
    expect(frame.pathname).toBe("/apps/research/");
  });

  it.each(routes)("%j means one place, however often it is read", (route) => {
    const once = readAddress(visit(writeAddress("research", route))).route;
    const twice = readAddress(visit(writeAddress("research", once))).route;
    expect(twice).toBe(once);
    expect(sameRoute(once, twice)).toBe(true);
  });

  const names = ["..", ".", "", "a/b", "a\\b", "//evil.example.com", "a?b#c", "javascript:x", "é"];
  it.each(names)("an app called %j stays one segment below /app", (name) => {
    const url = visit(writeAddress(name, "/experiments"));
    expect(url.origin).toBe(kOrigin);
    expect(url.pathname).toMatch(/^\/app\/[^/]+\/experiments$/);
  });

  it("keeps an address that is no UTF-8 as it stands", () => {
    expect(readAddress({ pathname: "/app/%ff/x", search: "", hash: "" }).app).toBe("%ff");
  });
});

describe("a mount", () => {
  const good: [mount: string, url: string, sameOrigin: boolean][] = [
    ["/apps/research/", `${kOrigin}/apps/research/`, true],
    ["/apps/research", `${kOrigin}/apps/research/`, true],
    [`${kOrigin}/apps/research/?x#y`, `${kOrigin}/apps/research/`, true],
    ["https://research.example.com/", "https://research.example.com/", false],
    ["https://research.example.com", "https://research.example.com/", false],
  ];
  it.each(good)("%s", (mount, url, sameOrigin) => {
    expect(readMount(mount, kOrigin)).toEqual({ url, sameOrigin });
  });

  const bad = ["javascript:alert(1)", "data:text/html,x", "blob:https://x/1", "https://a:b@c/"];
  it.each(bad)("%s is refused", (mount) => {
    expect(readMount(mount, kOrigin)).toBeNull();
  });

  const shown: [href: string, route: string | null][] = [
    [`${kOrigin}/apps/research/`, "/"],
    [`${kOrigin}/apps/research/#`, "/"],
    [`${kOrigin}/apps/research/#/experiments/7?x=y`, "/experiments/7?x=y"],
    [`${kOrigin}/apps/research/?v=1#/experiments`, "/experiments"],
    [`${kOrigin}/apps/research/#experiments`, "/experiments"],
    [`${kOrigin}/apps/other/#/experiments`, null],
    [`${kOrigin}/apps/research/get-artifact?path=x`, null],
    [`${kOrigin}/app/research/experiments`, null],
    ["about:blank", null],
  ];
  it.each(shown)("a frame at %s shows %s", (href, route) => {
    const mount = readMount("/apps/research/", kOrigin);
    if (mount === null) throw new Error("the mount was refused");
    expect(routeInFrame(mount, href)).toBe(route);
  });
});
