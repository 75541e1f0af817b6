import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import { useLocation } from "react-router";
import type { App, AppList } from "../api/apps.ts";
import { kPortal, readAddress, writeAddress } from "../links/address.ts";
import { frameUrl, type Mount } from "../links/mount.ts";
import { Bar } from "./bar.tsx";
import { useFollow } from "./follow.ts";
import { State } from "./state.tsx";
import { kStates } from "./words.ts";

interface Props {
  app: App;
  list: AppList;
  mount: Mount | null;
  /** MLflow is on the page: there is a place to copy or to open elsewhere. */
  open: boolean;
}

/** The bar above an app: switch to another one, copy the place, open it without the portal. */
export function AppBar({ app, list, mount, open }: Props) {
  const follow = useFollow();
  const location = useLocation();
  const here = new URL(location.pathname + location.search + location.hash, window.location.origin);
  return (
    <Bar
      title={list.portal.title}
      actions={
        open &&
        mount !== null && (
          <>
            {app.state === "unavailable" && <State state={app.state} />}
            <CopyToClipboard
              variant="icon"
              textToCopy={here.href}
              copyButtonAriaLabel="Copy a link to this page"
              copySuccessText="Link copied"
              copyErrorText="The browser does not allow copying here"
            />
            <Button
              variant="icon"
              iconName="external"
              ariaLabel="Open this page without the portal, in a new tab"
              href={frameUrl(mount, readAddress(location).route)}
              target="_blank"
            />
          </>
        )
      }
    >
      <ButtonDropdown
        items={[
          ...list.apps.map((one) => ({
            id: one.name,
            text: one.title,
            href: writeAddress(one.name, "/"),
            ...(one.state === "unavailable" && { secondaryText: kStates.unavailable.text }),
          })),
          {
            id: "",
            itemType: "group",
            text: "",
            items: [{ id: "/", text: "All apps", href: kPortal }],
          },
        ]}
        onItemFollow={follow}
        ariaLabel={`${app.title}: switch to another app`}
      >
        {app.title}
      </ButtonDropdown>
    </Bar>
  );
}
