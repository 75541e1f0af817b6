import { frameUrl, type Mount, routeInFrame } from "../links/mount.ts";

/** What the page around the frame wants to know. */
export interface FrameWatcher {
  /** The frame shows another route: as a new step, or in place of the step before. */
  moved(route: string, how: "push" | "replace", state: unknown): void;
  titled(title: string): void;
  /** A document arrived. `status` is its HTTP status, undefined where the browser does not tell. */
  loaded(status: number | undefined): void;
}

type FrameWindow = Window & typeof globalThis;

const kHookEvery = 25; // milliseconds

/**
 * Follows and steers a frame on our own origin, so that the browser's history has one entry per
 * step and every entry belongs to the outer page.
 *
 * A step that a frame takes by itself enters the joint history as the frame's own entry. Such an
 * entry dies with the frame: after a reload, or on the way back from another page, Back would do
 * nothing for each of them. Therefore `pushState` of the framed page becomes `replaceState` there,
 * and the outer page pushes instead, keeping the frame's state in its entry; on the way back `show`
 * gives route and state to the frame's router as a `popstate`.
 *
 * What moves the frame in another way (a plain `#` link, a script that sets the hash) has an entry
 * of its own already and is mirrored with "replace".
 */
export class FrameHistory {
  private readonly frame: HTMLIFrameElement;
  private readonly mount: Mount;
  private readonly watcher: FrameWatcher;
  private readonly ended = new AbortController();
  private hooked: Document | null = null;
  private titles: MutationObserver | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  /** Set while `show` moves the frame: the outer page knows that route already. */
  private steering = false;

  /** Starts at once; `frame` must be in the document. */
  constructor(frame: HTMLIFrameElement, mount: Mount, watcher: FrameWatcher) {
    this.frame = frame;
    this.mount = mount;
    this.watcher = watcher;
    const { signal } = this.ended;
    frame.addEventListener("load", this.onLoad, { signal });
    // A page that the browser kept whole comes back with its frame: nothing new to wait for.
    addEventListener("pageshow", (e) => e.persisted && clearInterval(this.timer), { signal });
    this.awaitDocument();
  }

  dispose(): void {
    this.ended.abort();
    this.titles?.disconnect();
    clearInterval(this.timer);
  }

  /** The route now in the frame, null while it shows anything but a page of the app. */
  route(): string | null {
    const window = this.window();
    return window === null ? null : routeInFrame(this.mount, window.location.href);
  }

  /** Brings the frame to `route` without a new history entry. False if it cannot be steered. */
  show(route: string, state: unknown): boolean {
    const window = this.window();
    if (window === null || this.hooked === null || this.route() === null) return false;
    const oldURL = window.location.href;
    this.steering = true;
    try {
      window.history.replaceState(state, "", `#${route}`);
      window.dispatchEvent(new window.PopStateEvent("popstate", { state }));
      const newURL = window.location.href;
      window.dispatchEvent(new window.HashChangeEvent("hashchange", { oldURL, newURL }));
    } finally {
      this.steering = false;
    }
    // The framed page may have gone elsewhere in its listeners.
    if (window.location.href !== frameUrl(this.mount, route)) this.tell("replace");
    return true;
  }

  private onLoad = () => {
    const window = this.window();
    // The empty document that a new frame starts with may announce itself, too.
    if (window?.location.href === "about:blank") return;
    this.hook();
    clearInterval(this.timer);
    if (window !== null) this.watchTitle(window);
    this.watcher.loaded(window === null ? 0 : statusOf(window));
  };

  /** No event tells of a document before its scripts run, so it is looked for. */
  private awaitDocument() {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.hook(), kHookEvery);
  }

  private hook() {
    const window = this.window();
    if (window === null || window.document === this.hooked) return;
    if (routeInFrame(this.mount, window.location.href) === null) return;
    clearInterval(this.timer);
    this.hooked = window.document;

    const { history } = window;
    const replace = history.replaceState.bind(history);
    history.pushState = (state, unused, url) => {
      const before = window.location.href;
      replace(state, unused, url);
      this.tell(window.location.href === before ? "replace" : "push");
    };
    history.replaceState = (state, unused, url) => {
      replace(state, unused, url);
      this.tell("replace");
    };
    const { signal } = this.ended;
    window.addEventListener("popstate", () => this.tell("replace"), { signal });
    window.addEventListener("hashchange", () => this.tell("replace"), { signal });
    window.addEventListener("pagehide", () => this.awaitDocument(), { signal });
    this.tell("replace");
  }

  private tell(how: "push" | "replace") {
    const route = this.route();
    if (this.steering || route === null || this.ended.signal.aborted) return;
    this.watcher.moved(route, how, this.frame.contentWindow?.history.state ?? null);
  }

  private watchTitle(window: FrameWindow) {
    this.titles?.disconnect();
    const tell = () => this.watcher.titled(window.document.title);
    this.titles = new MutationObserver(tell);
    const head = { subtree: true, childList: true, characterData: true };
    this.titles.observe(window.document.head, head);
    tell();
  }

  /** Null when the browser keeps the frame from us: another origin, or its own error page. */
  private window(): FrameWindow | null {
    try {
      const window = this.frame.contentWindow as FrameWindow | null;
      return window?.location.href === undefined ? null : window;
    } catch {
      return null;
    }
  }
}

function statusOf(window: FrameWindow): number | undefined {
  const [entry] = window.performance.getEntriesByType("navigation");
  const status = (entry as PerformanceNavigationTiming | undefined)?.responseStatus;
  return status === 0 ? undefined : status;
}
