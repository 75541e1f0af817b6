import type { Permission } from "../api/account.ts";

/** What was filled into the form; no secret is ever part of it. */
export interface Draft {
  title: string;
  days: number;
  /** Null: all apps. */
  apps: string[] | null;
  permission: Permission | "";
}

const kKey = "signet:token-draft";

/** Keeps the form while its owner signs in again in this tab. */
export function keepDraft(person: string, { title, days, apps, permission }: Draft) {
  const kept = { person, title, days, apps, permission };
  try {
    sessionStorage.setItem(kKey, JSON.stringify(kept));
  } catch {
    // A browser without storage forgets the form; that is all.
  }
}

/** What `person` had filled in; null when there is nothing or it is not theirs. */
export function keptDraft(person: string): Draft | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(kKey) ?? "null");
    return isKept(kept) && kept.person === person ? kept : null;
  } catch {
    return null;
  }
}

export function dropDraft() {
  try {
    sessionStorage.removeItem(kKey);
  } catch {
    // There is none.
  }
}

function isKept(kept: unknown): kept is Draft & { person: string } {
  if (typeof kept !== "object" || kept === null) return false;
  const { person, title, days, apps, permission } = kept as Record<string, unknown>;
  const isText = (value: unknown) => typeof value === "string";
  if (!isText(person) || !isText(title) || !isText(permission)) return false;
  return typeof days === "number" && (apps === null || (Array.isArray(apps) && apps.every(isText)));
}
