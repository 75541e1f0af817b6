import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import Multiselect from "@cloudscape-design/components/multiselect";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useId, useState } from "react";
import { type MadeToken, type Me, makeToken } from "../api/account.ts";
import type { App } from "../api/apps.ts";
import { ChangeError, isTooOld } from "./change-error.tsx";
import { dayIn } from "./moment.tsx";
import { type Draft, dropDraft, keepDraft } from "./token-draft.ts";
import { inDays, kPermissions, lifetimes, usualLifetime } from "./token-words.ts";

interface Props {
  me: Me;
  apps: App[];
  /** What was filled in before signing in again. */
  draft: Draft | null;
  onMade: (made: MadeToken) => void;
  onDismiss: () => void;
}

const kLongestTitle = 100;

/** The form that makes a token. */
export function TokenDialog({ me, apps, draft, onMade, onDismiss }: Props) {
  const form = useId();
  const days = lifetimes(me.max_token_days);
  const [title, setTitle] = useState(draft?.title ?? "");
  const [lifetime, setLifetime] = useState(
    draft && days.includes(draft.days) ? draft.days : usualLifetime(me.max_token_days),
  );
  const [some, setSome] = useState<string[]>(draft?.apps ?? []);
  const [all, setAll] = useState(draft ? draft.apps === null : true);
  const [permission, setPermission] = useState(draft?.permission ?? "");
  const [tried, setTried] = useState(false);
  const [making, setMaking] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const asOption = (app: App) => ({ value: app.name, label: app.title });
  const chosen = apps.filter((app) => some.includes(app.name));
  const most =
    kPermissions.find(({ value }) => value === permission) ?? kPermissions[kPermissions.length - 1];
  const noTitle = title.trim() === "";
  const noApps = !all && chosen.length === 0;

  const make = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (noTitle || noApps || making) return;
    const names = chosen.map((app) => app.name);
    const at_most = most?.value ?? "";
    // Before it is sent: an ended session leads away at once.
    keepDraft(me.person.id, {
      title,
      days: lifetime,
      apps: all ? null : names,
      permission: at_most,
    });
    setMaking(true);
    setError(null);
    try {
      const made = await makeToken({
        title: title.trim(),
        lifetime_days: lifetime,
        apps: all ? [] : names,
        permission: at_most === "" ? null : at_most,
        kind: "personal",
      });
      dropDraft();
      onMade(made);
    } catch (why) {
      if (!isTooOld(why)) dropDraft();
      setMaking(false);
      setError(why instanceof Error ? why : new Error("It is not known why."));
    }
  };
  const dismiss = () => {
    dropDraft();
    onDismiss();
  };

  return (
    <Modal
      visible
      onDismiss={dismiss}
      header="Make a token"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={dismiss}>
              Cancel
            </Button>
            <Button
              variant="primary"
              formAction="submit"
              form={form}
              loading={making}
              loadingText="Making the token"
            >
              Make token
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form id={form} onSubmit={(event) => void make(event)}>
        <SpaceBetween size="l">
          {error && <ChangeError header="The token was not made" error={error} />}
          <FormField
            label="Title"
            description="What it is for, so that you know it again."
            errorText={tried && noTitle && "Give it a title."}
          >
            <Input
              value={title}
              placeholder="Nightly training"
              ariaRequired
              autoFocus
              autoComplete={false}
              nativeInputAttributes={{ maxLength: kLongestTitle }}
              onChange={({ detail }) => setTitle(detail.value)}
            />
          </FormField>
          <FormField label="Lifetime" description={`It ends on ${dayIn(lifetime)}.`}>
            <Select
              options={days.map((each) => ({ value: String(each), label: inDays(each) }))}
              selectedOption={{ value: String(lifetime), label: inDays(lifetime) }}
              onChange={({ detail }) => setLifetime(Number(detail.selectedOption.value))}
            />
          </FormField>
          <FormField label="Apps">
            <RadioGroup
              value={all ? "all" : "some"}
              items={[
                { value: "all", label: "All apps, those added later, too" },
                { value: "some", label: "Only some" },
              ]}
              onChange={({ detail }) => setAll(detail.value === "all")}
            />
          </FormField>
          {!all && (
            <FormField label="Which apps" errorText={tried && noApps && "Choose one at least."}>
              <Multiselect
                options={apps.map(asOption)}
                selectedOptions={chosen.map(asOption)}
                placeholder="Choose apps"
                filteringType="auto"
                ariaRequired
                onChange={({ detail }) =>
                  setSome(detail.selectedOptions.map(({ value }) => value ?? ""))
                }
              />
            </FormField>
          )}
          <FormField
            label="Permission at most"
            description="The token never may do more than you may yourself."
          >
            <Select
              options={kPermissions}
              selectedOption={most ?? null}
              onChange={({ detail }) => {
                const { value } = detail.selectedOption;
                setPermission(kPermissions.find((each) => each.value === value)?.value ?? "");
              }}
            />
          </FormField>
        </SpaceBetween>
      </form>
    </Modal>
  );
}
