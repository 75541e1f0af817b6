import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { BrowserRouter, useLocation } from "react-router";
import { readAddress } from "./links/address.ts";
import { kDevice, kSignedOut, kSignIn, kTokens } from "./links/sign-in.ts";
import { CrashGuard } from "./parts/crash-guard.tsx";

const AppsPage = lazy(() => import("./pages/apps-page.tsx"));
const AppPage = lazy(() => import("./pages/app-page.tsx"));

/** Pages of the portal's own; no app may have one of these names. */
const kPages: ReadonlyMap<string, ComponentType> = new Map([
  [kSignIn, lazy(() => import("./pages/sign-in-page.tsx"))],
  [kSignedOut, lazy(() => import("./pages/signed-out-page.tsx"))],
  [kTokens, lazy(() => import("./pages/tokens-page.tsx"))],
  [kDevice, lazy(() => import("./pages/device-page.tsx"))],
]);

export function Portal() {
  const [client] = useState(() => new QueryClient());
  useEffect(() => {
    // A page that the browser kept whole may be from before a sign-out.
    const onShow = (event: PageTransitionEvent) => {
      if (event.persisted) void client.invalidateQueries();
    };
    window.addEventListener("pageshow", onShow);
    return () => window.removeEventListener("pageshow", onShow);
  }, [client]);
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <QueryClientProvider client={client}>
        <CrashGuard>
          <BrowserRouter>
            <Suspense fallback={null}>
              <Page />
            </Suspense>
          </BrowserRouter>
        </CrashGuard>
      </QueryClientProvider>
    </I18nProvider>
  );
}

/** The address decides; a route pattern would decode it, and `readAddress` must see it as it is. */
function Page() {
  const location = useLocation();
  const Own = kPages.get(location.pathname.replace(/\/$/, ""));
  if (Own !== undefined) return <Own />;
  const place = readAddress(location);
  if (place.app === null) return <AppsPage route={place.route} />;
  return <AppPage key={place.app} name={place.app} />;
}
