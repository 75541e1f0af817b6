/**
 * Where sign-in starts, and where it may lead back to.
 *
 * The place to come back to travels as `return`, without its fragment: that one stays at the end of
 * the address, where browsers keep it over redirects, and is put back on by `readReturn`.
 */
import { kPortal } from "./address.ts";

export const kSignIn = `${kPortal}/sign-in`;
export const kSignedOut = `${kPortal}/signed-out`;
export const kTokens = `${kPortal}/tokens`;
export const kDevice = `${kPortal}/device`;

const kMostBytes = 2048; // what the gateway takes

interface AddressParts {
  pathname: string;
  search: string;
  hash: string;
}

/** The sign-in page, for somebody who is to come back to `place`. */
export function signInAddress({ pathname, search, hash }: AddressParts): string {
  return `${kSignIn}?return=${encodeURIComponent(pathname + search)}${hash}`;
}

/** The gateway's address that sends a browser to `provider`; `fresh` asks for a new proof there. */
export function providerAddress(provider: string, back: string, fresh = false): string {
  const name = encodeURIComponent(provider);
  const extra = fresh ? "&fresh=1" : "";
  return `/signet/sign-in?provider=${name}${extra}&return=${encodeURIComponent(back)}`;
}

/** Where the sign-in page at these parts leads back to: a path of this origin, whatever they say. */
export function readReturn({ search, hash }: Omit<AddressParts, "pathname">): string {
  const asked = new URLSearchParams(search).getAll("return");
  const path = asked[0] ?? kPortal;
  if (asked.length > 1 || !isSafeReturn(path)) return kPortal;
  if (path.includes("#")) return path;
  const whole = path + tidyHash(hash);
  return isSafeReturn(whole) ? whole : path;
}

/**
 * Whether `text` is a path of this origin and nothing else, whoever reads it and however often it is
 * decoded. The gateway's own rule (`identity::safe_return_path`) judges again; this one takes no
 * more, and in particular nothing that is encoded twice. Sign-in itself is no place to come back to.
 */
export function isSafeReturn(text: string): boolean {
  if (text.length > kMostBytes || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text)) return false;
  // No escape that is none, and no hidden control character.
  if (/%(?![0-9A-Fa-f]{2})|%[01][0-9A-Fa-f]|%7[Ff]/.test(text)) return false;
  if (text.indexOf("#") !== text.lastIndexOf("#")) return false;
  const [path = ""] = text.split(/[?#]/, 1);
  if (/;|%(?:2[Ff]|5[Cc]|25|3[Bb])/.test(path)) return false;
  const plain = decoded(path);
  if (plain === null || !/^\/(?:[^/]+\/)*[^/]*$/.test(plain)) return false;
  if (plain.split("/").some((segment) => segment === "." || segment === "..")) return false;
  return !/^\/(?:signet|app\/(?:sign-in|signed-out))(?:\/|$)/.test(plain);
}

/** The fragment as one that the gateway takes: it refuses a second `#` and a backslash. */
function tidyHash(hash: string): string {
  const rest = hash.slice(1).toWellFormed();
  const tidy = rest.replace(/[^\x21\x22\x24-\x5b\x5d-\x7e]+/g, encodeURIComponent);
  return tidy === "" ? "" : `#${tidy}`;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
