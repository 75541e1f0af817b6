import { fetchApps } from "../api/apps.ts";
import { ApiError, ask, readError } from "../api/ask.ts";
import type { Mount } from "../links/mount.ts";

/**
 * True if the app's MLflow page can be had now; throws what hinders it. A host of its own cannot be
 * asked from here, so the gateway's word counts for it.
 */
export async function checkApp(name: string, mount: Mount, signal?: AbortSignal): Promise<true> {
  if (mount.sameOrigin) {
    const answer = await ask(mount.url, signal);
    if (!answer.ok) throw await readError(answer);
    return true;
  }
  const { apps } = await fetchApps(signal);
  const app = apps.find((one) => one.name === name);
  if (app?.state === "available") return true;
  throw new ApiError(app?.message ?? "It does not answer.", 0);
}
