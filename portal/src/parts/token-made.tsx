import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button, { type ButtonProps } from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Modal from "@cloudscape-design/components/modal";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useEffect, useRef, useState } from "react";
import type { MadeToken } from "../api/account.ts";
import type { App } from "../api/apps.ts";
import { Code } from "./code.tsx";
import { snippets } from "./snippets.ts";

interface Props {
  made: MadeToken;
  apps: App[];
  onDone: () => void;
}

/** The one time that a token's secret is shown. It lives in this component's properties alone. */
export function TokenMade({ made, apps, onDone }: Props) {
  const { token, secret } = made;
  const usable = apps.filter(({ name }) => token.apps.length === 0 || token.apps.includes(name));
  const first = usable.find((app) => app.default) ?? usable[0];
  const [name, setName] = useState(first?.name);
  const [leaving, setLeaving] = useState(false);
  const app = usable.find((one) => one.name === name) ?? first;

  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);

  return (
    <Modal
      visible
      size="large"
      onDismiss={() => setLeaving(true)}
      header={`“${token.title}” is made`}
      footer={
        leaving ? (
          <Closing onBack={() => setLeaving(false)} onDone={onDone} />
        ) : (
          <Box float="right">
            <Button variant="primary" onClick={() => setLeaving(true)}>
              Done
            </Button>
          </Box>
        )
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">
          Copy the token now: it will not be shown again. Whoever has it may do what it allows.
        </Alert>
        <div>
          <Box variant="awsui-key-label">Token</Box>
          <Code text={secret} copyLabel="Copy the token" />
        </div>
        {usable.length > 1 && app && (
          <FormField label="How to use it with">
            <Select
              options={usable.map((one) => ({ value: one.name, label: one.title }))}
              selectedOption={{ value: app.name, label: app.title }}
              onChange={({ detail }) => setName(detail.selectedOption.value)}
            />
          </FormField>
        )}
        {app && (
          <Tabs
            ariaLabel="How to use the token"
            tabs={snippets({ url: app.url, token: secret }).map(({ id, label, text, first }) => ({
              id,
              label,
              content: (
                <SpaceBetween size="s">
                  {first !== undefined && <Box variant="p">{first}</Box>}
                  <Code text={text} />
                </SpaceBetween>
              ),
            }))}
          />
        )}
      </SpaceBetween>
    </Modal>
  );
}

/** Takes the focus from the button that was in its place. */
function Closing({ onBack, onDone }: { onBack: () => void; onDone: () => void }) {
  const back = useRef<ButtonProps.Ref>(null);
  useEffect(() => back.current?.focus(), []);
  return (
    <Alert
      type="warning"
      header="Have you copied the token?"
      action={
        <SpaceBetween direction="horizontal" size="xs">
          <Button ref={back} onClick={onBack}>
            Back
          </Button>
          <Button variant="primary" onClick={onDone}>
            Close for good
          </Button>
        </SpaceBetween>
      }
    >
      It will not be shown again.
    </Alert>
  );
}
