import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { Component, type ReactNode } from "react";

interface Props {
  children: ReactNode;
}

/** Catches what no page handles, above all a file that a newer release of the portal replaced. */
export class CrashGuard extends Component<Props, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError() {
    return { crashed: true };
  }

  override render() {
    if (!this.state.crashed) return this.props.children;
    return (
      <Box padding="xxl">
        <Alert
          type="error"
          header="The portal could not show this page"
          action={<Button onClick={() => window.location.reload()}>Load it again</Button>}
        >
          It may have been updated while it was open. Loading it again usually helps.
        </Alert>
      </Box>
    );
  }
}
