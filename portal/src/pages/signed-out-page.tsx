import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useSignIn } from "../api/account.ts";
import { kSignIn } from "../links/sign-in.ts";
import { Bar } from "../parts/bar.tsx";
import { useTitle } from "../parts/title.ts";
import { kFallbackTitle } from "../parts/words.ts";

/** The end of a session. */
export default function SignedOutPage() {
  const { data } = useSignIn();
  const title = data?.title ?? kFallbackTitle;
  useTitle("Signed out", title);
  return (
    <>
      <Bar title={data?.title} isPublic />
      <main className="page page-narrow">
        <SpaceBetween size="l">
          <Box variant="h1">You are signed out</Box>
          <Box variant="p" color="text-body-secondary">
            Your tokens keep working. The company login itself may still know you: on a machine that
            others use, sign out there, too.
          </Box>
          <Button variant="primary" href={kSignIn}>
            Sign in
          </Button>
        </SpaceBetween>
      </main>
    </>
  );
}
