import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { ApiError } from "../api/apps.ts";

interface Props {
  error: Error;
  trying: boolean;
  onRetry: () => void;
}

/** The list of apps did not come. */
export function LoadError({ error, trying, onRetry }: Props) {
  const id = error instanceof ApiError ? error.requestId : null;
  return (
    <Alert
      type="error"
      header="The list of apps could not be loaded"
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
