/** Where an app's MLflow is opened, read from the `mount` the gateway gave. */
export interface Mount {
  /** Absolute, ends in a slash, has neither query nor fragment. */
  url: string;
  /** On the portal's own origin: its pages can be followed and steered. */
  sameOrigin: boolean;
}

/** Null unless `mount` is an http(s) address. */
export function readMount(mount: string, origin: string): Mount | null {
  if (!URL.canParse(mount, origin)) return null;
  const url = new URL(mount, origin);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (url.username !== "" || url.password !== "") return null;
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return { url: url.href, sameOrigin: url.origin === new URL(origin).origin };
}

/** The address of `route` in MLflow's own page. A route only ever becomes its fragment. */
export function frameUrl(mount: Mount, route: string): string {
  return `${mount.url}#${route.startsWith("/") ? route : `/${route}`}`;
}

/** The route that `frameHref` shows, or null when it is not a page of this app. */
export function routeInFrame(mount: Mount, frameHref: string): string | null {
  const hash = frameHref.indexOf("#");
  const page = hash < 0 ? frameHref : frameHref.slice(0, hash);
  if (page !== mount.url && !page.startsWith(`${mount.url}?`)) return null;
  const route = hash < 0 ? "" : frameHref.slice(hash + 1);
  return route.startsWith("/") ? route : `/${route}`;
}
