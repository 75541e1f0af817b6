import { kCsrfHeader, readCsrf } from "../api/ask.ts";
import { tellSessionEnded } from "../frame/session-message.ts";
import { signInAddress } from "../links/sign-in.ts";

type PageWindow = Window & typeof globalThis;

/**
 * Looks at every answer that the page in `window` gets from its own address. The first one that says
 * "nobody is signed in" is told to the portal around the page (`portal`: its origin), or leads to
 * sign-in when the page is the whole tab. The page's own code gets the very answers it would get.
 */
export function watchSession(window: PageWindow, portal: string, leave: (to: string) => void) {
  const { location, XMLHttpRequest } = window;
  let told = false;
  const look = (url: string, status: number, refusal: () => string | null) => {
    if (told || status !== 401 || !url.startsWith(`${location.origin}/`)) return;
    if (refusal() !== "unauthenticated") return;
    told = true;
    if (window.parent !== window) return tellSessionEnded(window.parent, portal);
    // An app on a host of its own has no sign-in page; its next page load is sent to one.
    if (portal === location.origin) leave(signInAddress(location));
  };

  const { fetch } = window;
  window.fetch = function (this: unknown, ...request: Parameters<typeof fetch>) {
    renewToken(request[1]?.headers, window.document.cookie);
    const answer = Reflect.apply(fetch, this, request);
    answer.then(
      ({ url, status, headers }) => look(url, status, () => headers.get("x-signet-refusal")),
      () => {}, // the page's own code handles it
    );
    return answer;
  };

  // One function for all requests: a request that is sent again does not get a second listener.
  function onLoad(this: XMLHttpRequest) {
    look(this.responseURL, this.status, () => this.getResponseHeader("x-signet-refusal"));
  }
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (...body: Parameters<typeof send>) {
    this.addEventListener("load", onLoad);
    return Reflect.apply(send, this, body);
  };
}

/**
 * MLflow's GraphQL client reads the cookies once, when the page is loaded. After a new sign-in in
 * another tab it would go on sending the token of the former session, and be refused for ever.
 */
function renewToken(headers: HeadersInit | undefined, cookies: string) {
  if (!(headers instanceof Headers) || !headers.has(kCsrfHeader)) return;
  const token = readCsrf(cookies);
  if (token !== "") headers.set(kCsrfHeader, token);
}
