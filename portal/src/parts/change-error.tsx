import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useMe } from "../api/account.ts";
import { ApiError } from "../api/ask.ts";
import { leaveTo } from "../links/leave.ts";
import { providerAddress, signInAddress } from "../links/sign-in.ts";

/** Whether the change takes a fresher sign-in. */
export function isTooOld(error: unknown): boolean {
  return error instanceof ApiError && error.refusal === "sign-in-too-old";
}

interface Props {
  header: string;
  error: Error;
}

/** Why a change was refused. What takes a fresher proof of who one is leads to one, and back here. */
export function ChangeError({ header, error }: Props) {
  const { data: me } = useMe();
  if (isTooOld(error)) {
    const again = () => {
      const { pathname, search, hash } = window.location;
      const back = pathname + search + hash;
      leaveTo(
        me?.provider
          ? providerAddress(me.provider.name, back, true)
          : signInAddress(window.location),
      );
    };
    return (
      <Alert
        type="info"
        header="Please sign in again"
        action={
          // It may stand in the very form that was refused.
          <Button formAction="none" onClick={again}>
            Sign in again
          </Button>
        }
      >
        You signed in a while ago, and this takes a fresh sign-in. You come back to this very place.
      </Alert>
    );
  }
  const id = error instanceof ApiError ? error.requestId : null;
  return (
    <Alert type="error" header={header}>
      {error.message}
      {id !== null && (
        <Box variant="small" display="block">
          Request {id}
        </Box>
      )}
    </Alert>
  );
}
