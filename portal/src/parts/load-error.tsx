import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { ApiError } from "../api/ask.ts";

interface Props {
  /** What could not be loaded. */
  what?: string;
  error: Error;
  trying: boolean;
  onRetry: () => void;
}

/** What a page is about did not come. */
export function LoadError({ what = "The list of apps", error, trying, onRetry }: Props) {
  const id = error instanceof ApiError ? error.requestId : null;
  return (
    <Alert
      type="error"
      header={`${what} could not be loaded`}
      action={
        <Button loading={trying} loadingText="Trying again" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      {error.message}
      {id !== null && (
        <Box variant="small" display="block">
          Request {id}
        </Box>
      )}
    </Alert>
  );
}
