import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { type DeviceGrant, decideDevice, useDeviceGrant, useMe } from "../api/account.ts";
import { useApps } from "../api/apps.ts";
import { ApiError } from "../api/ask.ts";
import { kDevice } from "../links/sign-in.ts";
import { isUserCode, tidyUserCode } from "../links/user-code.ts";
import { Bar } from "../parts/bar.tsx";
import { ChangeError } from "../parts/change-error.tsx";
import { LoadError } from "../parts/load-error.tsx";
import { Moment, readTime } from "../parts/moment.tsx";
import { useTitle } from "../parts/title.ts";
import { kFallbackTitle } from "../parts/words.ts";

/** Lets a program that shows a code act as whoever approves it here (RFC 8628 §3.3). */
export default function DevicePage() {
  const { data } = useApps();
  useTitle("Approve a device", data?.portal.title ?? kFallbackTitle);
  const location = useLocation();
  const asked = tidyUserCode(new URLSearchParams(location.search).get("user_code") ?? "");
  const code = isUserCode(asked) ? asked : "";
  return (
    <>
      <Bar title={data?.portal.title} />
      <main className="page page-narrow">
        <SpaceBetween size="l">
          <Box variant="h1">Approve a device</Box>
          {code === "" ? <CodeForm typed={asked} /> : <Request key={code} code={code} />}
        </SpaceBetween>
      </main>
    </>
  );
}

function CodeForm({ typed, problem }: { typed: string; problem?: string }) {
  const navigate = useNavigate();
  const [code, setCode] = useState(typed);
  const [tried, setTried] = useState(false);
  const look = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isUserCode(code)) void navigate(`${kDevice}?user_code=${code}`);
  };
  return (
    <form onSubmit={look}>
      <SpaceBetween size="m">
        {problem !== undefined && <Alert type="error">{problem}</Alert>}
        <FormField
          label="Code"
          description="The code that your terminal shows."
          constraintText="Eight letters or digits."
          errorText={tried && !isUserCode(code) && "That is no whole code."}
        >
          <Input
            value={code}
            placeholder="XXXX-XXXX"
            ariaRequired
            autoFocus
            autoComplete={false}
            spellcheck={false}
            onChange={({ detail }) => setCode(tidyUserCode(detail.value))}
          />
        </FormField>
        <Button variant="primary" formAction="submit">
          Look it up
        </Button>
      </SpaceBetween>
    </form>
  );
}

function Request({ code }: { code: string }) {
  const { data, error, isFetching, refetch } = useDeviceGrant(code);
  const [decided, setDecided] = useState<DeviceGrant["state"] | null>(null);
  if (decided !== null) return <Result state={decided} />;
  if (error instanceof ApiError && (error.status === 404 || error.status === 400)) {
    return (
      <CodeForm
        typed=""
        problem={`The code ${code} is not known. It may be mistyped, used, or too old.`}
      />
    );
  }
  if (error) {
    return (
      <LoadError
        what="The request"
        error={error}
        trying={isFetching}
        onRetry={() => void refetch()}
      />
    );
  }
  if (!data) return <Spinner size="large" />;
  if (data.state !== "pending") return <Result state={data.state} />;
  return <Decision grant={data} onDecided={setDecided} />;
}

interface DecisionProps {
  grant: DeviceGrant;
  onDecided: (state: DeviceGrant["state"]) => void;
}

function Decision({ grant, onDecided }: DecisionProps) {
  const { data: me } = useMe();
  const { mutate, isPending, error, variables } = useMutation({
    mutationFn: (approve: boolean) => decideDevice(grant.user_code, approve),
    onSuccess: (_nothing, approve) => onDecided(approve ? "approved" : "denied"),
  });
  const ended = readTime(grant.expires_at);
  if (ended !== null && ended.getTime() <= Date.now()) {
    return <CodeForm typed="" problem={`The code ${grant.user_code} is too old.`} />;
  }
  return (
    <SpaceBetween size="l">
      <Alert type="warning" header="Approve only what you started yourself, just now">
        Whoever is at that device may then use MLflow as you. If somebody sent you this code or a
        link to this page, deny it.
      </Alert>
      <KeyValuePairs
        columns={2}
        items={[
          {
            label: "Code, the same as in your terminal",
            value: <span className="user-code">{grant.user_code}</span>,
          },
          { label: "Asked from the address", value: grant.client_address },
          { label: "Asked at", value: <Moment time={grant.made_at} exact /> },
          ...(me ? [{ label: "Would act as", value: me.person.name || me.person.id }] : []),
        ]}
      />
      {error && <ChangeError header="That did not work" error={error} />}
      <SpaceBetween direction="horizontal" size="xs">
        <Button
          variant="primary"
          disabled={isPending && variables === false}
          loading={isPending && variables === true}
          loadingText="Approving"
          onClick={() => mutate(true)}
        >
          Approve
        </Button>
        <Button
          disabled={isPending && variables === true}
          loading={isPending && variables === false}
          loadingText="Denying"
          onClick={() => mutate(false)}
        >
          Deny
        </Button>
      </SpaceBetween>
    </SpaceBetween>
  );
}

function Result({ state }: { state: DeviceGrant["state"] }) {
  if (state === "approved") {
    return (
      <Alert type="success" header="Approved">
        The device is signed in as you in a moment. You can close this page and go back to your
        terminal.
      </Alert>
    );
  }
  return (
    <Alert type="info" header="Denied">
      The device got nothing. You can close this page.
    </Alert>
  );
}
