import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { BrowserRouter, useLocation } from "react-router";
import { readAddress } from "./links/address.ts";
import { CrashGuard } from "./parts/crash-guard.tsx";

const AppsPage = lazy(() => import("./pages/apps-page.tsx"));
const AppPage = lazy(() => import("./pages/app-page.tsx"));

export function Portal() {
  const [client] = useState(() => new QueryClient());
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
  const place = readAddress(useLocation());
  if (place.app === null) return <AppsPage route={place.route} />;
  return <AppPage key={place.app} name={place.app} />;
}
