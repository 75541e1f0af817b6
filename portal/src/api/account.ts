import { useQuery } from "@tanstack/react-query";
import { ask, change, kApi, readBody, readError, send } from "./ask.ts";

/** A point in time as RFC 3339 writes it. */
export type Time = string;

export interface Me {
  person: { id: string; name: string; groups: string[]; admin: boolean };
  /** By what the gateway knows the caller; "anonymous" when sign-in is off. */
  means: "anonymous" | "session" | "token" | "bearer" | "load_balancer";
  provider: Provider | null;
  session: { signed_in_at: Time; ends_at: Time } | null;
  can_make_tokens: boolean;
  max_token_days: number;
}

export interface Provider {
  name: string;
  title: string;
}

export interface SignIn {
  title: string;
  providers: Provider[];
}

export type Permission = "READ" | "USE" | "EDIT" | "MANAGE";

export interface Token {
  id: string;
  /** Made here, of a sign-in on a device and what renews it, or of an AWS role. */
  kind: "personal" | "service" | "device" | "renewal" | "role";
  title: string;
  person: string;
  made_at: Time;
  expires_at: Time;
  /** Names of apps; empty: all. */
  apps: string[];
  /** The most that it may do; null: whatever its owner may. */
  permission: Permission | null;
  last_used_at: Time | null;
  revoked_at: Time | null;
  state: "usable" | "expired" | "revoked";
}

export interface NewToken {
  title: string;
  lifetime_days: number;
  apps: string[];
  permission: Permission | null;
  kind: "personal";
}

/** A token just made. Its secret is in no other answer. */
export interface MadeToken {
  token: Token;
  secret: string;
}

export interface DeviceGrant {
  user_code: string;
  client_address: string;
  made_at: Time;
  expires_at: Time;
  state: "pending" | "approved" | "denied";
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return readBody<T>(await ask(kApi + path, signal));
}

/** Who is asking; shared by every page. */
export function useMe() {
  return useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => get<Me>("/me", signal),
    staleTime: 300_000,
    retry: 1,
    retryDelay: 500,
  });
}

/** What the sign-in page offers; for everybody. */
export function useSignIn() {
  return useQuery({
    queryKey: ["sign-in"],
    queryFn: ({ signal }) => get<SignIn>("/sign-in", signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: 1,
    retryDelay: 500,
  });
}

export function useTokens() {
  return useQuery({
    queryKey: ["tokens"],
    queryFn: async ({ signal }) => (await get<{ tokens: Token[] }>("/tokens", signal)).tokens,
    retry: 1,
    retryDelay: 500,
  });
}

/** Not for a mutation of the query library, whose cache would keep the secret. */
export async function makeToken(wanted: NewToken): Promise<MadeToken> {
  return readBody<MadeToken>(await change("POST", `${kApi}/tokens`, wanted));
}

export async function revokeToken(id: string): Promise<void> {
  const answer = await change("DELETE", `${kApi}/tokens/${encodeURIComponent(id)}`);
  if (!answer.ok) throw await readError(answer);
}

export function useDeviceGrant(userCode: string) {
  return useQuery({
    queryKey: ["device", userCode],
    queryFn: ({ signal }) =>
      get<DeviceGrant>(`/device/grants?user_code=${encodeURIComponent(userCode)}`, signal),
    enabled: userCode !== "",
    // What is decided upon is what was shown.
    refetchOnWindowFocus: false,
    retry: false,
    gcTime: 0,
  });
}

export async function decideDevice(userCode: string, approve: boolean): Promise<void> {
  const body = { user_code: userCode, approve };
  const answer = await change("POST", `${kApi}/device/grants`, body);
  if (!answer.ok) throw await readError(answer);
}

/** Ends the session and gives the address to go to next: a provider's, or the page that says so. */
export async function signOut(fallback: string): Promise<string> {
  const answer = await send("POST", "/signet/sign-out");
  // There is nothing left to end.
  if (answer.status === 401) return fallback;
  const { location } = await readBody<{ location: unknown }>(answer);
  return isWebAddress(location) ? location : fallback;
}

function isWebAddress(address: unknown): address is string {
  if (typeof address !== "string" || !URL.canParse(address, window.location.origin)) return false;
  return /^https?:$/.test(new URL(address, window.location.origin).protocol);
}
