import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { App } from "../api/apps.ts";
import { kStates } from "./words.ts";

export function State({ state }: { state: App["state"] }) {
  // A kind of state that this portal does not know yet is at least shown.
  const { type, text } = kStates[state] ?? { type: "info", text: state };
  return <StatusIndicator type={type}>{text}</StatusIndicator>;
}
