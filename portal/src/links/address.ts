/**
 * The two spellings of a place in MLflow.
 *
 * A *route* is what MLflow's own hash router shows after the `#`: `/experiments/7/runs/abc?x=y`.
 * An *address* is where the portal shows that route: `/app/research/experiments/7/runs/abc?x=y`.
 *
 * A route that the gateway would refuse as a path (dot segments, `//`, `%2F`, …) or take for a file
 * keeps its fragment form, `/app/research#/models/a%2Fb`: fragments never leave the browser. So every
 * route has an address, reading it back gives the same route, and none leads out of `/app/<name>`.
 */

export const kPortal = "/app";

export interface Place {
  /** The app's name, not yet checked against the list; null where the address names none. */
  app: string | null;
  /** Starts with a slash; "/" is the app's first page. */
  route: string;
}

interface AddressParts {
  pathname: string;
  search: string;
  hash: string;
}

/** Where `address` points to. `/app#/experiments/7` has a route without an app: the default's. */
export function readAddress({ pathname, search, hash }: AddressParts): Place {
  const fragmentRoute = hash.startsWith("#/") ? hash.slice(1) : null;
  const below = pathname.startsWith(`${kPortal}/`) ? pathname.slice(kPortal.length + 1) : "";
  const slash = below.indexOf("/");
  const segment = slash < 0 ? below : below.slice(0, slash);
  const path = slash < 0 ? "/" : below.slice(slash);
  if (segment === "") return { app: null, route: fragmentRoute ?? "/" };

  const app = decoded(segment) ?? segment;
  if (path === "/" && fragmentRoute !== null) return { app, route: fragmentRoute };
  return { app, route: path + search + hash };
}

/** The address of `route` in `app`: always `/app/<name>…`, whatever the two hold. */
export function writeAddress(app: string, route: string): string {
  const base = `${kPortal}/${segmentOf(app)}`;
  const whole = route.startsWith("/") ? route : `/${route}`;
  const [, path = "/", search = "", hash = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(whole) ?? [];
  if (path === "/" && hash === "") {
    return isPlainQuery(search) ? base + tidyQuery(search) : `${base}#${whole}`;
  }
  if (path === "/" || !isPlainPath(path) || !isPlainQuery(search)) return `${base}#${whole}`;
  return base + path + tidyQuery(search) + hash;
}

/** Whether two routes of one app are the same place once a browser has escaped them. */
export function sameRoute(one: string, other: string): boolean {
  return settled(writeAddress("x", one)) === settled(writeAddress("x", other));
}

/** `path`, `query` and fragment as a browser would spell them. */
function settled(address: string): string {
  const url = new URL(address, "http://portal.invalid");
  return url.pathname + url.search + url.hash;
}

/** A name is one path segment; `.` and `..` would be folded away by the browser. */
function segmentOf(app: string): string {
  return /^\.{0,2}$/.test(app) ? "%20" : encodeURIComponent(app);
}

/** Only what the gateway accepts in a path and what path and fragment escape alike. */
function isPlainPath(path: string): boolean {
  const segments = path.slice(1).split("/");
  const isPlain = (segment: string) => {
    if (!/^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$/.test(segment)) return false;
    const text = decoded(segment);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return text !== null && !/^\.{1,2}$/.test(text) && !/[/\\;#%\u0000-\u001f\u007f]/.test(text);
  };
  // A dot in the last segment looks like a file of the portal's own.
  return segments.every(isPlain) && !/\.|%2e/i.test(segments.at(-1) ?? "");
}

/** The gateway refuses queries that are not UTF-8 and keys that look like a signature of AWS. */
function isPlainQuery(search: string): boolean {
  const text = decoded(tidyQuery(search));
  return text !== null && !/[?&]\s*x-amz-/i.test(text);
}

/** Escapes what RFC 3986 §3.4 does not allow in a query, such as the `[` and `"` of a JSON list. */
function tidyQuery(search: string): string {
  return search
    .toWellFormed()
    .replace(/%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/?%-]+/g, encodeURIComponent);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
