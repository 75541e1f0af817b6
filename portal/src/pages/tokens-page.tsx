import Alert from "@cloudscape-design/components/alert";
import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type MadeToken, type Me, type Token, useMe, useTokens } from "../api/account.ts";
import { type App, useApps } from "../api/apps.ts";
import { Bar } from "../parts/bar.tsx";
import { LoadError } from "../parts/load-error.tsx";
import { Moment, readTime } from "../parts/moment.tsx";
import { RevokeDialog } from "../parts/revoke-dialog.tsx";
import { useTitle } from "../parts/title.ts";
import { TokenDialog } from "../parts/token-dialog.tsx";
import { keptDraft } from "../parts/token-draft.ts";
import { TokenMade } from "../parts/token-made.tsx";
import { kTokenKinds, kTokenStates, scope } from "../parts/token-words.ts";
import { kFallbackTitle } from "../parts/words.ts";

const kNoApps: App[] = [];

/** The caller's tokens: what there is, making one, revoking one. */
export default function TokensPage() {
  const apps = useApps();
  const me = useMe();
  const title = apps.data?.portal.title;
  useTitle("My tokens", title ?? kFallbackTitle);

  const failed = [me, apps].find(({ error, data }) => error !== null && data === undefined);
  return (
    <>
      <Bar title={title} />
      <main className="page">
        {failed?.error && (
          <LoadError
            what="The page"
            error={failed.error}
            trying={failed.isFetching}
            onRetry={() => void failed.refetch()}
          />
        )}
        {me.data?.means === "anonymous" && (
          <Alert type="info" header="There are no tokens here">
            Signing in is off on this gateway: programs need no token.
          </Alert>
        )}
        {/* The apps have come before a form can be shown that names them. */}
        {me.data && me.data.means !== "anonymous" && !failed && apps.data && (
          <Tokens me={me.data} apps={apps.data.apps} />
        )}
      </main>
    </>
  );
}

function Tokens({ me, apps = kNoApps }: { me: Me; apps: App[] }) {
  const { data, error, isPending, isFetching, refetch } = useTokens();
  const client = useQueryClient();
  const [draft] = useState(() => keptDraft(me.person.id));
  const [asking, setAsking] = useState(draft !== null && me.can_make_tokens);
  const [made, setMade] = useState<MadeToken | null>(null);
  const [revoking, setRevoking] = useState<Token | null>(null);
  /** A form once closed starts empty. */
  const [fresh, setFresh] = useState(false);

  const newestFirst = (data ?? []).toSorted((one, other) => time(other) - time(one));
  const make = (
    <Button
      variant="primary"
      disabled={!me.can_make_tokens}
      disabledReason="With what you signed in with, you cannot make tokens."
      onClick={() => setAsking(true)}
    >
      Make token
    </Button>
  );
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description="A token lets a program of yours use MLflow as you. Give each program its own."
        actions={make}
      >
        My tokens
      </Header>
      {error && (
        <LoadError
          what="The list of tokens"
          error={error}
          trying={isFetching}
          onRetry={() => void refetch()}
        />
      )}
      {(data || isPending) && (
        <Table
          items={newestFirst}
          trackBy="id"
          columnDefinitions={columns(apps, setRevoking)}
          loading={isPending}
          loadingText="Loading the tokens"
          variant="container"
          wrapLines
          ariaLabels={{ tableLabel: "My tokens" }}
          empty={<NoTokens />}
        />
      )}
      {asking && (
        <TokenDialog
          me={me}
          apps={apps}
          draft={fresh ? null : draft}
          onDismiss={() => {
            setAsking(false);
            setFresh(true);
          }}
          onMade={(token) => {
            setAsking(false);
            setFresh(true);
            setMade(token);
            void client.invalidateQueries({ queryKey: ["tokens"] });
          }}
        />
      )}
      {made && <TokenMade made={made} apps={apps} onDone={() => setMade(null)} />}
      {revoking && <RevokeDialog token={revoking} onDone={() => setRevoking(null)} />}
    </SpaceBetween>
  );
}

function time(token: Token): number {
  return readTime(token.made_at)?.getTime() ?? 0;
}

function columns(
  apps: App[],
  onRevoke: (token: Token) => void,
): TableProps.ColumnDefinition<Token>[] {
  return [
    {
      id: "title",
      header: "Title",
      isRowHeader: true,
      cell: (token) => (
        <>
          {token.title} {kTokenKinds[token.kind] && <Badge>{kTokenKinds[token.kind]}</Badge>}
        </>
      ),
    },
    { id: "scope", header: "Scope", cell: (token) => scope(token, apps) },
    { id: "made", header: "Created", cell: ({ made_at }) => <Moment time={made_at} /> },
    { id: "expires", header: "Expires", cell: ({ expires_at }) => <Moment time={expires_at} /> },
    {
      id: "used",
      header: "Last used",
      cell: ({ last_used_at }) => <Moment time={last_used_at} never="Never" exact />,
    },
    { id: "state", header: "State", cell: (token) => <TokenState token={token} /> },
    {
      id: "actions",
      header: "Actions",
      cell: (token) =>
        token.state === "usable" && (
          <Button
            variant="inline-link"
            ariaLabel={`Revoke ${token.title}`}
            onClick={() => onRevoke(token)}
          >
            Revoke
          </Button>
        ),
    },
  ];
}

function TokenState({ token }: { token: Token }) {
  // A kind of state that this portal does not know yet is at least shown.
  const { type, text } = kTokenStates[token.state] ?? { type: "info", text: token.state };
  return <StatusIndicator type={type}>{text}</StatusIndicator>;
}

function NoTokens() {
  return (
    <Box textAlign="center" padding="l" color="inherit">
      <Box variant="h2">No tokens yet</Box>
      <Box variant="p" color="inherit">
        Make one for each program that is to reach MLflow without you.
      </Box>
    </Box>
  );
}
