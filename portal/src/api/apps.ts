import { useQuery } from "@tanstack/react-query";
import type { components } from "./schema.ts";

export type App = components["schemas"]["App"];
export type AppList = components["schemas"]["AppList"];

const kRefreshEvery = 30_000; // milliseconds

/** An answer that is no success, or none at all (`status` 0). Its message is for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly requestId: string | null;

  constructor(message: string, status: number, requestId: string | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.requestId = requestId;
  }
}

/** What a failed answer says about itself: the gateway's own words where it gives them. */
export async function readError(answer: Response): Promise<ApiError> {
  const body: unknown = await answer.json().catch(() => null);
  const said =
    typeof body === "object" && body !== null && "message" in body ? body.message : undefined;
  const message =
    typeof said === "string" && said !== "" ? said : `The gateway answered ${answer.status}.`;
  return new ApiError(message, answer.status, answer.headers.get("x-request-id"));
}

/** `fetch` that turns an unreachable gateway into words. */
export async function ask(address: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, {
      headers: { accept: "application/json" },
      cache: "no-store",
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The gateway cannot be reached. Is the network up?", 0);
  }
}

export async function fetchApps(signal?: AbortSignal): Promise<AppList> {
  const answer = await ask("/signet/api/v1/apps", signal);
  if (!answer.ok) throw await readError(answer);
  const list = (await answer.json().catch(() => null)) as AppList | null;
  if (!Array.isArray(list?.apps)) {
    throw new ApiError("The gateway answered something that is no list of apps.", answer.status);
  }
  return list;
}

/** The list, shared by every page and asked for again while somebody looks at it. */
export function useApps() {
  return useQuery({
    queryKey: ["apps"],
    queryFn: ({ signal }) => fetchApps(signal),
    refetchInterval: kRefreshEvery,
    retry: 1,
    retryDelay: 500,
  });
}
