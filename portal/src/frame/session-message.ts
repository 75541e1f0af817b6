/**
 * What a page in the frame says to the portal around it when it finds the session ended: MLflow's
 * page through `injected/session-watch.ts`, and the sign-in page, which the gateway may send into
 * the frame but which belongs into the whole window.
 */
export const kSessionEnded = "signet:session-ended";

/** Only `to`, an origin, may learn of it. */
export function tellSessionEnded(parent: Window, to: string) {
  parent.postMessage({ type: kSessionEnded }, to);
}

/** Whether `event` says so and comes from `frame`, which shows a page of one of `origins`. */
export function isSessionEnded(
  event: MessageEvent<unknown>,
  frame: Window | null | undefined,
  origins: readonly string[],
): boolean {
  if (!frame || event.source !== frame || !origins.includes(event.origin)) return false;
  const { data } = event;
  return typeof data === "object" && data !== null && "type" in data && data.type === kSessionEnded;
}
