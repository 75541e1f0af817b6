import { type RefObject, useEffect, useEffectEvent, useRef } from "react";
import { useLocation, useNavigate } from "react-router";
import { readAddress, sameRoute, writeAddress } from "../links/address.ts";
import { frameUrl, type Mount } from "../links/mount.ts";
import { FrameHistory } from "./frame-history.ts";

interface Options {
  app: string;
  mount: Mount;
  onTitle: (title: string) => void;
  onLoaded: (status: number | undefined) => void;
}

/** The state that an entry of ours keeps for the frame's router. */
interface EntryState {
  frame?: unknown;
}

/**
 * Keeps the address bar and the frame at the same place, both ways. `window.location` is always
 * read afresh: a render may lag behind a frame that moves on quickly.
 */
export function useFrameHistory(frame: RefObject<HTMLIFrameElement | null>, options: Options) {
  const { app, mount } = options;
  const history = useRef<FrameHistory>(null);
  const navigate = useNavigate();
  const location = useLocation();

  const moved = useEffectEvent((route: string, how: "push" | "replace", state: unknown) => {
    if (readAddress(window.location).app !== app) return;
    const kept: EntryState = { frame: state };
    void navigate(writeAddress(app, route), { replace: how === "replace", state: kept });
  });
  const titled = useEffectEvent(options.onTitle);
  const loaded = useEffectEvent(options.onLoaded);

  useEffect(() => {
    if (frame.current === null) return;
    if (!mount.sameOrigin) {
      const { current } = frame;
      const onLoad = () => loaded(200);
      current.addEventListener("load", onLoad);
      return () => current.removeEventListener("load", onLoad);
    }
    const following = new FrameHistory(frame.current, mount, {
      moved: (...step) => moved(...step),
      titled: (title) => titled(title),
      loaded: (status) => loaded(status),
    });
    history.current = following;
    return () => {
      history.current = null;
      following.dispose();
    };
  }, [frame, mount]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of place is a reason to look
  useEffect(() => {
    const place = readAddress(window.location);
    const shown = history.current?.route();
    if (place.app !== app || history.current === null || shown === undefined) return;
    if (shown !== null && sameRoute(shown, place.route)) return;
    const entry = (window.history.state?.usr ?? {}) as EntryState;
    if (history.current.show(place.route, entry.frame ?? null)) return;
    frame.current?.contentWindow?.location.replace(frameUrl(mount, place.route));
  }, [location, app, mount, frame]);
}
