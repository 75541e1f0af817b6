import { useQuery } from "@tanstack/react-query";
import { ApiError, ask, kApi, readError } from "./ask.ts";
import type { components } from "./schema.ts";

export type App = components["schemas"]["App"];
export type AppList = components["schemas"]["AppList"];

const kRefreshEvery = 30_000; // milliseconds

export async function fetchApps(signal?: AbortSignal): Promise<AppList> {
  const answer = await ask(`${kApi}/apps`, signal);
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
