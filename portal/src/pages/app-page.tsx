import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import { useMemo, useState } from "react";
import { type App, type AppList, useApps } from "../api/apps.ts";
import { kPortal } from "../links/address.ts";
import { readMount } from "../links/mount.ts";
import { AppBar } from "../parts/app-bar.tsx";
import { AppDown, type Trouble } from "../parts/app-down.tsx";
import { Bar } from "../parts/bar.tsx";
import { useFollow } from "../parts/follow.ts";
import { LoadError } from "../parts/load-error.tsx";
import { MlflowFrame } from "../parts/mlflow-frame.tsx";
import { useTitle } from "../parts/title.ts";

/** One app's MLflow below the bar, or why it cannot be shown. */
export default function AppPage({ name }: { name: string }) {
  const { data, error, isFetching, refetch } = useApps();
  const app = data?.apps.find((one) => one.name === name);
  if (data && app) return <OpenApp app={app} list={data} />;
  return (
    <>
      <Bar title={data?.portal.title} />
      <main className="page">
        {data && <UnknownApp name={name} list={data} />}
        {!data && error && (
          <LoadError error={error} trying={isFetching} onRetry={() => void refetch()} />
        )}
        {!data && !error && <Spinner size="large" />}
      </main>
    </>
  );
}

function OpenApp({ app, list }: { app: App; list: AppList }) {
  const mount = useMemo(() => readMount(app.mount, window.location.origin), [app.mount]);
  const [pageTitle, setPageTitle] = useState("");
  /** A new one loads MLflow anew. */
  const [attempt, setAttempt] = useState(0);
  /** MLflow answers, its page failed and was tried once more. */
  const [retried, setRetried] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(() =>
    app.state === "unavailable"
      ? { message: app.message ?? "It does not answer.", id: null }
      : null,
  );
  // MLflow ends its titles with its own name, which says nothing here.
  const page = pageTitle.replace(/(?:^| - )MLflow$/, "");
  useTitle(page, app.title, list.portal.title);

  const open = () => {
    setTrouble(null);
    setRetried(false);
    setAttempt(attempt + 1);
  };
  const fail = (why: Trouble) => {
    setPageTitle("");
    if (why.answers && !retried) {
      setRetried(true);
      setAttempt(attempt + 1);
    } else {
      setTrouble(why);
    }
  };

  return (
    <div className="app">
      <AppBar app={app} list={list} mount={mount} open={trouble === null} />
      {mount === null && (
        <main className="page">
          <Alert type="error" header={`${app.title} has no usable address`}>
            The gateway names an address for it that is not a web address.
          </Alert>
        </main>
      )}
      {mount !== null && trouble === null && (
        <MlflowFrame
          key={attempt}
          app={app}
          mount={mount}
          onTitle={setPageTitle}
          onTrouble={fail}
        />
      )}
      {mount !== null && trouble !== null && (
        <AppDown
          app={app}
          portal={list.portal.title}
          mount={mount}
          trouble={trouble}
          onOpen={open}
        />
      )}
    </div>
  );
}

function UnknownApp({ name, list }: { name: string; list: AppList }) {
  const follow = useFollow();
  useTitle("Unknown app", list.portal.title);
  return (
    <Box textAlign="center" padding="xxl">
      <Box variant="h1">There is no app called “{name}”</Box>
      <Box variant="p" color="text-body-secondary" margin={{ bottom: "l" }}>
        The link may be old or mistyped, or the app may not be open to you.
      </Box>
      <Button variant="primary" href={kPortal} onFollow={follow}>
        See all apps
      </Button>
    </Box>
  );
}
