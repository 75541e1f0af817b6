import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter } from "react-router";
import { vi } from "vitest";
import type { Me, Token } from "../api/account.ts";
import type { App } from "../api/apps.ts";

export const kMe: Me = {
  person: { id: "ada@example.com", name: "Ada Lovelace", groups: ["team-a"], admin: false },
  means: "session",
  provider: { name: "corp", title: "Company login" },
  session: { signed_in_at: "2026-11-26T08:00:00Z", ends_at: "2026-11-26T20:00:00Z" },
  can_make_tokens: true,
  max_token_days: 90,
};

export const kResearch: App = {
  name: "research",
  title: "Research",
  default: true,
  kind: "sagemaker-app",
  region: "eu-west-1",
  state: "available",
  version: "3.10.1",
  message: null,
  mount: "/apps/research/",
  url: "https://mlflow.example.com/apps/research",
};
export const kSandbox: App = {
  ...kResearch,
  name: "sandbox",
  title: "Sandbox",
  default: false,
  url: "https://mlflow.example.com/apps/sandbox",
};

export const kToken: Token = {
  id: "0123456789abcdef",
  kind: "personal",
  title: "Nightly training",
  person: "ada@example.com",
  made_at: "2026-11-20T10:00:00Z",
  expires_at: "2026-12-20T10:00:00Z",
  apps: ["research"],
  permission: "EDIT",
  last_used_at: null,
  revoked_at: null,
  state: "usable",
};

export type Answers = Record<string, (body: unknown) => Response | Promise<Response>>;

/** A gateway that answers "METHOD /path below the API", and what it was asked to change. */
export function answerWith(answers: Answers) {
  const changes: { what: string; body: unknown }[] = [];
  const known: Answers = {
    "GET /me": () => Response.json(kMe),
    "GET /apps": () =>
      Response.json({ portal: { title: "ML platform" }, apps: [kResearch, kSandbox] }),
    ...answers,
  };
  vi.stubGlobal("fetch", async (address: string, { method = "GET", body }: RequestInit = {}) => {
    const what = `${method} ${address.replace("/signet/api/v1", "")}`;
    const sent: unknown = typeof body === "string" ? JSON.parse(body) : undefined;
    if (method !== "GET") changes.push({ what, body: sent });
    const answer = known[what];
    if (answer === undefined) throw new Error(`nobody expected ${what}`);
    return answer(sent);
  });
  return changes;
}

export function refuse(status: number, refusal: string, message = "No.") {
  const headers = { "x-signet-refusal": refusal };
  return () => Response.json({ error_code: "X", message }, { status, headers });
}

/** Shows `page` at `address`, which is the address bar's, too. */
export function show(page: ReactNode, address: string) {
  window.history.replaceState(null, "", address);
  const client = new QueryClient();
  render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={[address]}>{page}</MemoryRouter>
    </QueryClientProvider>,
  );
  return client;
}
