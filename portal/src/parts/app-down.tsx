import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";
import type { App } from "../api/apps.ts";
import { ApiError } from "../api/ask.ts";
import { checkApp } from "../frame/check-app.ts";
import { kPortal } from "../links/address.ts";
import type { Mount } from "../links/mount.ts";
import { useFollow } from "./follow.ts";

export interface Trouble {
  /** One sentence for people. */
  message: string;
  /** The request that failed, as the logs name it. */
  id: string | null;
  /** Set when the app answers and its page still failed: opening it again is up to the person. */
  answers?: boolean;
}

interface Props {
  app: App;
  portal: string;
  mount: Mount;
  trouble: Trouble;
  onOpen: () => void;
}

const kCheckEvery = 10_000; // milliseconds

/** Says honestly that the app is down, keeps asking, and opens it when it is back. */
export function AppDown({ app, portal, mount, trouble, onOpen }: Props) {
  const follow = useFollow();
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["answers", app.name],
    queryFn: ({ signal }) => checkApp(app.name, mount, signal),
    refetchInterval: kCheckEvery,
    retry: false,
    gcTime: 0,
    enabled: !trouble.answers,
  });
  const open = useEffectEvent(onOpen);
  useEffect(() => {
    if (data === true) open();
  }, [data]);

  const message = error?.message ?? trouble.message;
  const id = error instanceof ApiError ? error.requestId : trouble.id;
  return (
    <main className="page page-narrow">
      <h1 className="unseen">{app.title}</h1>
      <Alert
        type="error"
        header={
          trouble.answers
            ? `${app.title} could not be shown`
            : `${app.title} does not answer right now`
        }
      >
        {message}
      </Alert>
      <Box variant="p" padding={{ top: "l" }}>
        {trouble.answers
          ? "MLflow answers, yet its page did not load. Trying again may help."
          : "Nothing is lost: this page looks again every few seconds and opens by itself when MLflow is back, at the very place that your link names."}
      </Box>
      <Box variant="p">
        If it lasts, tell the people who run {portal}, and name the app <b>{app.name}</b>
        {id !== null && (
          <>
            {" "}
            and the request <Box variant="code">{id}</Box>
          </>
        )}
        .
      </Box>
      <Box padding={{ top: "m" }}>
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            variant="primary"
            loading={isFetching}
            loadingText="Looking again"
            onClick={() => (trouble.answers ? onOpen() : void refetch())}
          >
            Try again
          </Button>
          <Button href={kPortal} onFollow={follow}>
            See all apps
          </Button>
        </SpaceBetween>
      </Box>
    </main>
  );
}
