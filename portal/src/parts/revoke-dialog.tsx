import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { revokeToken, type Token } from "../api/account.ts";
import { ChangeError } from "./change-error.tsx";
import { Moment } from "./moment.tsx";

interface Props {
  token: Token;
  onDone: () => void;
}

/** Asks once more before a token stops working. */
export function RevokeDialog({ token, onDone }: Props) {
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => revokeToken(token.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["tokens"] });
      onDone();
    },
  });
  return (
    <Modal
      visible
      onDismiss={onDone}
      header={`Revoke “${token.title}”?`}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onDone}>
              Cancel
            </Button>
            <Button
              variant="primary"
              loading={isPending}
              loadingText="Revoking the token"
              onClick={() => mutate()}
            >
              Revoke
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {error && <ChangeError header="The token was not revoked" error={error} />}
        <Box variant="p">
          {token.kind === "device" || token.kind === "renewal"
            ? "The device is signed out within seconds."
            : "Whatever uses it stops working within seconds, for good."}{" "}
          It was last used: <Moment time={token.last_used_at} never="never" exact />.
        </Box>
      </SpaceBetween>
    </Modal>
  );
}
