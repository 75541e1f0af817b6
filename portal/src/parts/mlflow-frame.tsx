import Box from "@cloudscape-design/components/box";
import Spinner from "@cloudscape-design/components/spinner";
import { useEffect, useRef, useState } from "react";
import type { App } from "../api/apps.ts";
import { ApiError } from "../api/ask.ts";
import { checkApp } from "../frame/check-app.ts";
import { useFrameHistory } from "../frame/use-frame-history.ts";
import { useSessionEnd } from "../frame/use-session-end.ts";
import { readAddress } from "../links/address.ts";
import { frameUrl, type Mount } from "../links/mount.ts";
import type { Trouble } from "./app-down.tsx";

interface Props {
  app: App;
  mount: Mount;
  onTitle: (title: string) => void;
  onTrouble: (trouble: Trouble) => void;
}

const kSlowAfter = 10_000; // milliseconds

/** The app's MLflow, opened where the address bar says and followed from there on. */
export function MlflowFrame({ app, mount, onTitle, onTrouble }: Props) {
  const frame = useRef<HTMLIFrameElement>(null);
  // Set once: a new `src` would load MLflow again.
  const [src] = useState(() => frameUrl(mount, readAddress(window.location).route));
  const [opened, setOpened] = useState(false);

  const onLoaded = (status: number | undefined) => {
    if (status !== undefined && status > 0 && status < 400) {
      setOpened(true);
      if (document.activeElement === document.body) frame.current?.focus();
      return;
    }
    // The frame only tells that something is wrong, or not even that. The gateway says what.
    checkApp(app.name, mount).then(
      () => {
        if (status === undefined) return setOpened(true);
        onTrouble({ message: "MLflow's page failed to load.", id: null, answers: true });
      },
      (error: Error) => {
        const id = error instanceof ApiError ? error.requestId : null;
        onTrouble({ message: error.message, id });
      },
    );
  };

  useFrameHistory(frame, { app: app.name, mount, onTitle, onLoaded });
  useSessionEnd(frame, mount);
  return (
    <main className="frame">
      <h1 className="unseen">{app.title}</h1>
      <iframe ref={frame} src={src} title={`MLflow: ${app.title}`} allow="clipboard-write" />
      {!opened && <Opening title={app.title} />}
    </main>
  );
}

function Opening({ title }: { title: string }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), kSlowAfter);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="frame-opening" role="status">
      <Spinner size="large" />
      <Box variant="p" color="text-body-secondary">
        {slow ? `${title} is taking longer than usual to answer …` : `Opening ${title} …`}
      </Box>
    </div>
  );
}
