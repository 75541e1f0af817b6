/**
 * Notes when the sign-in page went on by itself. A provider that signs people in without asking,
 * and a gateway that does not take what it says, would otherwise send a browser round and round.
 */
const kKey = "signet:went-on";
const kSoon = 15_000; // milliseconds

export function noteWentOn(now = Date.now()) {
  try {
    sessionStorage.setItem(kKey, String(now));
  } catch {
    // Without storage nothing stops the round but the person.
  }
}

/** True if this tab went on by itself a moment ago, and is back. */
export function wentOnJustNow(now = Date.now()): boolean {
  try {
    const noted = sessionStorage.getItem(kKey);
    const age = noted === null ? Number.NaN : now - Number(noted);
    return age >= 0 && age < kSoon;
  } catch {
    return false;
  }
}
