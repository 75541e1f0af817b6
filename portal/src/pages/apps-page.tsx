import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Cards, { type CardsProps } from "@cloudscape-design/components/cards";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useMemo, useState } from "react";
import { Navigate } from "react-router";
import { type App, useApps } from "../api/apps.ts";
import { writeAddress } from "../links/address.ts";
import { Bar } from "../parts/bar.tsx";
import { useFollow } from "../parts/follow.ts";
import { LoadError } from "../parts/load-error.tsx";
import { PythonDialog } from "../parts/python-dialog.tsx";
import { State } from "../parts/state.tsx";
import { useTitle } from "../parts/title.ts";
import { kFallbackTitle, kKinds } from "../parts/words.ts";

const kFilterFrom = 7; // apps; fewer are seen at a glance
const kNoApps: App[] = [];

/** Every app with its state. A `route` (of a link that MLflow printed) opens in the default app. */
export default function AppsPage({ route }: { route: string }) {
  const { data, error, isPending, isFetching, refetch } = useApps();
  const title = data?.portal.title;
  useTitle(title ?? kFallbackTitle);

  const apps = data?.apps ?? kNoApps;
  const home = apps.find((app) => app.default);
  if (route !== "/" && home) return <Navigate replace to={writeAddress(home.name, route)} />;

  const retry = () => void refetch();
  return (
    <>
      <Bar title={title} />
      <main className="page">
        <SpaceBetween size="l">
          <Header
            variant="h1"
            description="Open an app here, or point your Python code at its tracking URI."
            actions={
              <Button
                iconName="refresh"
                ariaLabel="Refresh"
                loading={isFetching && !isPending}
                onClick={retry}
              />
            }
          >
            MLflow apps
          </Header>
          {error && <LoadError error={error} trying={isFetching} onRetry={retry} />}
          {(data || isPending) && <AppCards apps={apps} loading={isPending} />}
        </SpaceBetween>
      </main>
    </>
  );
}

function AppCards({ apps, loading }: { apps: App[]; loading: boolean }) {
  const [python, setPython] = useState<App | null>(null);
  const [filter, setFilter] = useState("");
  const follow = useFollow();

  const shown = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    const text = (app: App) => `${app.title} ${app.name} ${app.region} ${kKinds[app.kind]}`;
    return apps.filter((app) => text(app).toLowerCase().includes(wanted));
  }, [apps, filter]);

  const card: CardsProps.CardDefinition<App> = {
    header: (app) => (
      <SpaceBetween direction="horizontal" size="xs" alignItems="center">
        <Link fontSize="heading-m" href={writeAddress(app.name, "/")} onFollow={follow}>
          {app.title}
        </Link>
        {app.default && apps.length > 1 && <Badge color="blue">Default</Badge>}
      </SpaceBetween>
    ),
    sections: [
      { id: "facts", content: (app) => <Facts app={app} /> },
      { id: "state", content: (app) => <StateLine app={app} /> },
      { id: "uri", content: (app) => <TrackingUri app={app} /> },
      {
        id: "actions",
        content: (app) => (
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              href={writeAddress(app.name, "/")}
              ariaLabel={`Open ${app.title}`}
              onFollow={follow}
            >
              Open
            </Button>
            <Button
              variant="link"
              ariaLabel={`Use from Python: ${app.title}`}
              onClick={() => setPython(app)}
            >
              Use from Python
            </Button>
          </SpaceBetween>
        ),
      },
    ],
  };

  return (
    <>
      <Cards
        items={shown}
        trackBy="name"
        cardDefinition={card}
        cardsPerRow={[{ cards: 1 }, { minWidth: 700, cards: 2 }, { minWidth: 1200, cards: 3 }]}
        loading={loading}
        loadingText="Loading the apps"
        ariaLabels={{ itemSelectionLabel: () => "", selectionGroupLabel: "Apps" }}
        filter={
          apps.length >= kFilterFrom && (
            <TextFilter
              filteringText={filter}
              filteringPlaceholder="Find an app"
              filteringAriaLabel="Find an app"
              countText={`${shown.length} of ${apps.length}`}
              onChange={({ detail }) => setFilter(detail.filteringText)}
            />
          )
        }
        empty={apps.length === 0 ? <NoApps /> : <Box color="inherit">No app matches.</Box>}
      />
      <PythonDialog app={python} onDismiss={() => setPython(null)} />
    </>
  );
}

function StateLine({ app }: { app: App }) {
  return (
    <>
      <State state={app.state} />
      {app.state === "unavailable" && app.message !== null && (
        <Box variant="small" display="block">
          {app.message}
        </Box>
      )}
    </>
  );
}

function Facts({ app }: { app: App }) {
  const facts = [kKinds[app.kind] ?? app.kind, app.region, app.version && `MLflow ${app.version}`];
  return <Box color="text-body-secondary">{facts.filter((fact) => fact !== null).join(" · ")}</Box>;
}

function TrackingUri({ app }: { app: App }) {
  return (
    <>
      <Box variant="awsui-key-label">Tracking URI</Box>
      <div className="code uri">
        <span className="uri-text">{app.url}</span>
        <CopyToClipboard
          variant="icon"
          textToCopy={app.url}
          copyButtonAriaLabel={`Copy the tracking URI of ${app.title}`}
          copySuccessText="Copied"
          copyErrorText="The browser does not allow copying here"
        />
      </div>
    </>
  );
}

function NoApps() {
  return (
    <Box textAlign="center" padding="l" color="inherit">
      <Box variant="h2">No apps yet</Box>
      <Box variant="p" color="inherit">
        Nobody has added an MLflow app to this gateway, or none is open to you. Whoever runs it can
        list apps under <Box variant="code">apps:</Box> in its configuration.
      </Box>
    </Box>
  );
}
