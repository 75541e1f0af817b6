import { beforeEach, describe, expect, it, vi } from "vitest";
import { watchSession } from "./watch-session.ts";

const kOrigin = "https://mlflow.example.com";
const kMessage = { type: "signet:session-ended" };

interface Answer {
  url: string;
  status: number;
  refusal?: string | undefined;
}

/** A window with as much of the web platform as the script touches. */
function makePage(framed: boolean) {
  class Request extends EventTarget {
    responseURL = "";
    status = 0;
    refusal: string | undefined;
    sent: unknown[] = [];
    asked: string[] = [];
    send(...body: unknown[]) {
      this.sent.push(...body);
      return "sent";
    }
    getResponseHeader(name: string) {
      this.asked.push(name);
      return this.refusal ?? null;
    }
    answer({ url, status, refusal }: Answer) {
      Object.assign(this, { responseURL: url, status, refusal });
      this.dispatchEvent(new Event("load"));
    }
  }
  const answers: Promise<unknown>[] = [];
  const fetch = vi.fn<(...request: unknown[]) => Promise<unknown>>(() => {
    const next = answers.shift();
    if (next === undefined) throw new Error("nothing to answer");
    return next;
  });
  const location = { origin: kOrigin, pathname: "/apps/x/", search: "?v=1", hash: "#/runs/7" };
  const parent = { postMessage: vi.fn() };
  const document = { cookie: "a=b; mlflow-request-header-X-Signet-Csrf=now" };
  const page = { fetch, location, XMLHttpRequest: Request, parent, document };
  if (!framed) Object.assign(page, { parent: page });
  const left = vi.fn<(to: string) => void>();
  const watch = (portal = kOrigin) =>
    watchSession(page as unknown as Window & typeof globalThis, portal, left);
  return { page, parent, answers, fetch, left, watch, Request };
}

function response({ url, status, refusal }: Answer) {
  const headers = new Headers(refusal === undefined ? {} : { "x-signet-refusal": refusal });
  return { url, status, headers };
}

const kEnded: Answer = { url: `${kOrigin}/a`, status: 401, refusal: "unauthenticated" };

const kOthers: [what: string, answer: Answer][] = [
  ["a good answer", { url: `${kOrigin}/a`, status: 200 }],
  ["an answer of the app's own", { url: `${kOrigin}/a`, status: 401 }],
  ["another refusal", { url: `${kOrigin}/a`, status: 401, refusal: "expired" }],
  ["a refusal of another status", { ...kEnded, status: 403 }],
  ["another origin", { ...kEnded, url: "https://elsewhere.example.com/a" }],
  ["an origin that begins alike", { ...kEnded, url: `${kOrigin}.evil.example.com/a` }],
  ["an opaque answer", { url: "", status: 0 }],
];

describe.each([["fetch"], ["XMLHttpRequest"]])("with %s", (means) => {
  let made = makePage(true);
  const ask = async (answer: Answer) => {
    if (means === "fetch") {
      made.answers.push(Promise.resolve(response(answer)));
      await made.page.fetch("/a");
    } else {
      const request = new made.page.XMLHttpRequest();
      request.send(null);
      request.answer(answer);
    }
    await Promise.resolve();
  };
  beforeEach(() => {
    made = makePage(true);
    made.watch();
  });

  it("an ended session is told to the portal, once", async () => {
    await ask({ url: `${kOrigin}/a`, status: 200 });
    await ask(kEnded);
    await ask(kEnded);
    expect(made.parent.postMessage.mock.calls).toEqual([[kMessage, kOrigin]]);
    expect(made.left).not.toHaveBeenCalled();
  });

  it.each(kOthers)("%s is not told", async (_what, answer) => {
    await ask(answer);
    expect(made.parent.postMessage).not.toHaveBeenCalled();
  });

  it("a page that is the whole tab leaves for sign-in", async () => {
    made = makePage(false);
    made.watch();
    await ask(kEnded);
    await ask(kEnded);
    expect(made.left.mock.calls).toEqual([["/app/sign-in?return=%2Fapps%2Fx%2F%3Fv%3D1#/runs/7"]]);
  });

  it("a page on a host of its own tells the portal's origin, and else stays", async () => {
    made = makePage(true);
    made.watch("https://portal.example.com");
    await ask(kEnded);
    expect(made.parent.postMessage.mock.calls).toEqual([[kMessage, "https://portal.example.com"]]);
    made = makePage(false);
    made.watch("https://portal.example.com");
    await ask(kEnded);
    expect(made.left).not.toHaveBeenCalled();
  });
});

describe("the page's own code", () => {
  it("gets the very promise and answer, and says what it wants", async () => {
    const { page, answers, fetch, watch } = makePage(true);
    watch();
    const answer = response(kEnded);
    const promise = Promise.resolve(answer);
    answers.push(promise);
    const init = { method: "POST" };
    const got = page.fetch.call("this", "/a", init);
    expect(got).toBe(promise);
    expect(await got).toBe(answer);
    expect(fetch.mock.calls).toEqual([["/a", init]]);
    expect(fetch.mock.contexts).toEqual(["this"]);
  });

  it("sends the token of the session of now, where it sends one", async () => {
    const { page, answers, fetch, watch } = makePage(true);
    watch();
    const sent = async (headers: Headers) => {
      answers.push(Promise.resolve(response({ url: `${kOrigin}/a`, status: 200 })));
      const init = { method: "POST", headers };
      await page.fetch("/a", init);
      expect(fetch.mock.lastCall).toEqual(["/a", init]);
      return headers.get("X-Signet-Csrf");
    };
    expect(await sent(new Headers({ "x-signet-csrf": "of yesterday" }))).toBe("now");
    expect(await sent(new Headers({ accept: "text/html" }))).toBeNull();
    page.document.cookie = "";
    expect(await sent(new Headers({ "x-signet-csrf": "of yesterday" }))).toBe("of yesterday");
  });

  it("gets the very failure", async () => {
    const { page, answers, watch } = makePage(true);
    watch();
    const failure = new TypeError("no network");
    answers.push(Promise.reject(failure));
    await expect(page.fetch("/a")).rejects.toBe(failure);
    expect(() => page.fetch("/b")).toThrow("nothing to answer");
  });

  it("sends what it sends, and a request used twice is looked at once", () => {
    const { page, watch, parent } = makePage(true);
    watch();
    const request = new page.XMLHttpRequest();
    expect(request.send("body")).toBe("sent");
    request.send("again");
    expect(request.sent).toEqual(["body", "again"]);
    request.answer({ url: `${kOrigin}/a`, status: 401, refusal: "other" });
    expect(request.asked).toEqual(["x-signet-refusal"]);
    expect(parent.postMessage).not.toHaveBeenCalled();
  });

  it("is not told by the browser of headers that it may not see", () => {
    const { page, watch } = makePage(true);
    watch();
    const request = new page.XMLHttpRequest();
    request.send();
    request.answer({ ...kEnded, url: "https://elsewhere.example.com/" });
    expect(request.asked).toEqual([]);
  });

  it("finds nothing new in its window", () => {
    const { page, watch } = makePage(true);
    const before = Object.keys(page);
    watch();
    expect(Object.keys(page)).toEqual(before);
  });
});
