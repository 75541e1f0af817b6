import { type RefObject, useEffect } from "react";
import { leaveTo } from "../links/leave.ts";
import type { Mount } from "../links/mount.ts";
import { signInAddress } from "../links/sign-in.ts";
import { isSessionEnded } from "./session-message.ts";

/** Goes to sign-in when the page in the frame says that the session has ended, and back here. */
export function useSessionEnd(frame: RefObject<HTMLIFrameElement | null>, mount: Mount) {
  useEffect(() => {
    const origins = [window.location.origin, new URL(mount.url).origin];
    const onMessage = (event: MessageEvent<unknown>) => {
      if (!isSessionEnded(event, frame.current?.contentWindow, origins)) return;
      // The address bar holds MLflow's place already.
      leaveTo(signInAddress(window.location));
    };
    window.addEventListener("message", onMessage);
    return () => window.removeEventListener("message", onMessage);
  }, [frame, mount]);
}
