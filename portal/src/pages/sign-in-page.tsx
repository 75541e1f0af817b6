import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useEffect, useState } from "react";
import { useLocation } from "react-router";
import { type SignIn, useSignIn } from "../api/account.ts";
import { tellSessionEnded } from "../frame/session-message.ts";
import { leaveTo } from "../links/leave.ts";
import { kSignIn, providerAddress, readReturn } from "../links/sign-in.ts";
import { Bar } from "../parts/bar.tsx";
import { LoadError } from "../parts/load-error.tsx";
import { kSignInErrors, kSignInFailed } from "../parts/sign-in-words.ts";
import { useTitle } from "../parts/title.ts";
import { noteWentOn, wentOnJustNow } from "../parts/went-on.ts";
import { kFallbackTitle } from "../parts/words.ts";

/** Who are you? Goes on to the provider by itself where there is nothing to choose or to read. */
export default function SignInPage() {
  const { data, error, isFetching, refetch } = useSignIn();
  useTitle("Sign in", data?.title ?? kFallbackTitle);
  const isFramed = window.parent !== window;
  return (
    <>
      {!isFramed && <Bar title={data?.title} isPublic />}
      <main className="page page-narrow">
        {isFramed && <InFrame />}
        {!isFramed && data && <Choice signIn={data} />}
        {!isFramed && !data && error && (
          <LoadError
            what="The sign-in page"
            error={error}
            trying={isFetching}
            onRetry={() => void refetch()}
          />
        )}
        {!isFramed && !data && !error && <Spinner size="large" />}
      </main>
    </>
  );
}

function Choice({ signIn: { title, providers } }: { signIn: SignIn }) {
  const location = useLocation();
  const query = new URLSearchParams(location.search);
  const failure = query.get("error");
  const back = readReturn(location);
  const [only, another] = providers;
  const [again] = useState(wentOnJustNow);
  const stays = failure !== null || query.get("chooser") === "1" || again;
  const next =
    only !== undefined && another === undefined && !stays ? providerAddress(only.name, back) : null;
  useEffect(() => {
    if (next === null) return;
    noteWentOn();
    leaveTo(next);
  }, [next]);

  if (next !== null) {
    return (
      <div role="status" className="going-on">
        <h1 className="unseen">Sign in to {title}</h1>
        <Spinner size="large" />
        <Box variant="p" color="text-body-secondary">
          Going on to {only?.title} …
        </Box>
      </div>
    );
  }
  if (only === undefined) return <TokensOnly title={title} />;
  if (failure !== null) {
    const { text, another: other } = kSignInErrors.get(failure) ?? kSignInFailed;
    const chooser = `${kSignIn}?chooser=1&return=${encodeURIComponent(back)}`;
    const retry = another === undefined ? providerAddress(only.name, back, other) : chooser;
    return (
      <SpaceBetween size="l">
        <Box variant="h1">Sign in to {title}</Box>
        <Alert type="error" header="You are not signed in">
          {text}
        </Alert>
        <Button variant="primary" href={retry} onFollow={leave}>
          Try again
        </Button>
      </SpaceBetween>
    );
  }
  return (
    <SpaceBetween size="l">
      <Box variant="h1">Sign in to {title}</Box>
      <div className="choices">
        <SpaceBetween size="s">
          {providers.map((each) => (
            <Button
              key={each.name}
              variant={another === undefined ? "primary" : "normal"}
              fullWidth
              href={providerAddress(each.name, back)}
              onFollow={leave}
            >
              Continue with {each.title}
            </Button>
          ))}
        </SpaceBetween>
      </div>
    </SpaceBetween>
  );
}

/** On a plain click: who goes back later should not find this page again. */
function leave(event: { preventDefault(): void; detail: { href?: string | undefined } }) {
  if (event.detail.href === undefined) return;
  event.preventDefault();
  leaveTo(event.detail.href);
}

function TokensOnly({ title }: { title: string }) {
  return (
    <SpaceBetween size="l">
      <Box variant="h1">Sign in to {title}</Box>
      <Alert type="info" header="Sign-in is by token only">
        No one can sign in with a browser here. Programs send their token, for instance as{" "}
        <Box variant="code">MLFLOW_TRACKING_TOKEN</Box>.
      </Alert>
    </SpaceBetween>
  );
}

/** The gateway sent MLflow's frame here. Providers do not let themselves be framed. */
function InFrame() {
  const { pathname, search, hash } = useLocation();
  useEffect(() => tellSessionEnded(window.parent, window.location.origin), []);
  return (
    <SpaceBetween size="l">
      <Box variant="h1">You are not signed in</Box>
      <Button variant="primary" href={pathname + search + hash} target="_top">
        Sign in
      </Button>
    </SpaceBetween>
  );
}
