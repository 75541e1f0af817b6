import { leaveTo } from "../links/leave.ts";
import { signInAddress } from "../links/sign-in.ts";

export const kApi = "/signet/api/v1";

export const kCsrfHeader = "X-Signet-Csrf";
// MLflow's page sends such cookies as the headers that they name.
const kCsrfCookie = `mlflow-request-header-${kCsrfHeader}`;

/** An answer that is no success, or none at all (`status` 0). Its message is for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly requestId: string | null;
  /** Why Signet itself refused, e.g. "sign-in-too-old". */
  readonly refusal: string | null;

  constructor(
    message: string,
    status: number,
    requestId: string | null = null,
    refusal: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.requestId = requestId;
    this.refusal = refusal;
  }
}

/** What a failed answer says about itself: the gateway's own words where it gives them. */
export async function readError(answer: Response): Promise<ApiError> {
  const body: unknown = await answer.json().catch(() => null);
  const said =
    typeof body === "object" && body !== null && "message" in body ? body.message : undefined;
  const message =
    typeof said === "string" && said !== "" ? said : `The gateway answered ${answer.status}.`;
  const { headers } = answer;
  return new ApiError(
    message,
    answer.status,
    headers.get("x-request-id"),
    headers.get("x-signet-refusal"),
  );
}

/**
 * `fetch` that turns an unreachable gateway into words. When the session has ended it leaves for
 * sign-in and never settles, so that no page shows an error on its way out.
 */
export async function ask(address: string, signal?: AbortSignal): Promise<Response> {
  const answer = await reach(address, { ...(signal && { signal }) });
  return isSessionEnded(address, answer) ? signIn() : answer;
}

/** The same for what changes something, with the proof that a page of ours asks for it. */
export async function change(
  method: "POST" | "DELETE",
  address: string,
  body?: unknown,
): Promise<Response> {
  const answer = await send(method, address, body);
  return isSessionEnded(address, answer) ? signIn() : answer;
}

/** `change` for whom an ended session is an answer like any other. */
export function send(method: "POST" | "DELETE", address: string, body?: unknown) {
  const headers: Record<string, string> = { [kCsrfHeader]: readCsrf(document.cookie) };
  if (body !== undefined) headers["content-type"] = "application/json";
  return reach(address, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** The body of a good answer, or why there is none. */
export async function readBody<T>(answer: Response): Promise<T> {
  if (!answer.ok) throw await readError(answer);
  const body = (await answer.json().catch(() => null)) as T | null;
  if (typeof body === "object" && body !== null) return body;
  throw new ApiError("The gateway answered something that is not understood.", answer.status);
}

/** The value that the gateway gave to pages of this origin; MLflow's page sends it, too. */
export function readCsrf(cookies: string): string {
  for (const pair of cookies.split(";")) {
    const [name = "", ...value] = pair.trim().split("=");
    if (name === kCsrfCookie) return value.join("=");
  }
  return "";
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  const headers = { accept: "application/json", ...init.headers };
  try {
    return await fetch(address, { ...init, headers, cache: "no-store" });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError("The gateway cannot be reached. Is the network up?", 0);
  }
}

/** An app's own 401, of a server that has a sign-in of its own, says nothing about our session. */
function isSessionEnded(address: string, answer: Response): boolean {
  if (answer.status !== 401) return false;
  return (
    address.startsWith(`${kApi}/`) || answer.headers.get("x-signet-refusal") === "unauthenticated"
  );
}

function signIn(): Promise<never> {
  leaveTo(signInAddress(window.location));
  return new Promise(() => {});
}
