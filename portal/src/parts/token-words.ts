import type { Permission, Token } from "../api/account.ts";
import type { App } from "../api/apps.ts";

/** What a token may do at most, from little to all; the empty value narrows nothing. */
export const kPermissions: { value: Permission | ""; label: string; description: string }[] = [
  { value: "READ", label: "Read", description: "Look at experiments, runs, models and artifacts" },
  { value: "USE", label: "Use", description: "Read, and invoke models" },
  { value: "EDIT", label: "Edit", description: "Use, and create and change" },
  { value: "", label: "Everything I may do", description: "Deleting and granting included" },
];

export const kTokenStates = {
  usable: { type: "success", text: "Usable" },
  expired: { type: "stopped", text: "Expired" },
  revoked: { type: "error", text: "Revoked" },
} as const satisfies Record<Token["state"], { type: string; text: string }>;

/** What a token is, where it is not an ordinary one. */
export const kTokenKinds: Partial<Record<Token["kind"], string>> = {
  service: "Service",
  device: "Device",
  renewal: "Device renewal",
  role: "AWS role",
};

const kDays = [1, 7, 30, 90, 180, 365];

/** The lifetimes to choose from, in days: the usual ones up to the longest, and that one. */
export function lifetimes(longest: number): number[] {
  return [...kDays.filter((days) => days < longest), longest];
}

/** The one that is offered first. */
export function usualLifetime(longest: number): number {
  return Math.min(30, longest);
}

export function inDays(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}

/** What a token is good for, in one line. */
export function scope({ apps, permission }: Token, known: readonly App[]): string {
  const title = (name: string) => known.find((app) => app.name === name)?.title ?? name;
  const where = apps.length === 0 ? "All apps" : apps.map(title).join(", ");
  const most = kPermissions.find(({ value }) => value === permission);
  if (most) return `${where} · ${most.label} at most`;
  // MANAGE is the most there is; a word that this portal does not know is shown as it came.
  return permission === null || permission === "MANAGE" ? where : `${where} · ${permission}`;
}
