import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter, useLocation } from "react-router";
import { describe, expect, it, vi } from "vitest";
import type { App } from "../api/apps.ts";
import AppsPage from "./apps-page.tsx";

const kResearch: App = {
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
const kSandbox: App = {
  ...kResearch,
  name: "sandbox",
  title: "Sandbox",
  default: false,
  kind: "mlflow",
  region: null,
  version: null,
};

function answerWith(...answers: (() => Response | Promise<Response>)[]) {
  const fetched = vi.fn(async (address: string) => {
    if (address.endsWith("/me")) return Response.json({ means: "anonymous" });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) throw new Error("nothing to answer");
    return answer();
  });
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

function list(...apps: App[]) {
  return () => Response.json({ portal: { title: "ML platform" }, apps });
}

function Where() {
  const { pathname, search, hash } = useLocation();
  return <p data-testid="where">{pathname + search + hash}</p>;
}

function show(route = "/") {
  const client = new QueryClient();
  return render(
    <QueryClientProvider client={client}>
      <MemoryRouter initialEntries={["/app"]}>
        <AppsPage route={route} />
        <Where />
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

describe("the list of apps", () => {
  it("says that it is loading", async () => {
    answerWith(() => new Promise<Response>(() => {}));
    show();
    expect(await screen.findByText("Loading the apps")).toBeTruthy();
  });

  it("shows what is known of each app, and nothing for what is not", async () => {
    answerWith(list(kResearch, kSandbox));
    show();
    expect(
      await screen.findByText("SageMaker MLflow App · eu-west-1 · MLflow 3.10.1"),
    ).toBeTruthy();
    expect(screen.getByText("MLflow server")).toBeTruthy();
    expect(screen.getAllByText("https://mlflow.example.com/apps/research")).toHaveLength(2);
    expect(screen.getAllByText("Default")).toHaveLength(1);
  });

  it.each<[App["state"], string | null, string[]]>([
    ["available", null, ["Available"]],
    ["unknown", null, ["Not checked yet"]],
    ["unavailable", "It refuses connections.", ["Not answering", "It refuses connections."]],
  ])("state %s with message %s", async (state, message, texts) => {
    answerWith(list({ ...kResearch, state, message }));
    show();
    for (const text of texts) expect(await screen.findByText(text)).toBeTruthy();
  });

  it("keeps a kind and a state that it does not know yet readable", async () => {
    const strange = { kind: "hosted", state: "paused", region: null } as unknown as Partial<App>;
    answerWith(list({ ...kResearch, ...strange }));
    show();
    expect(await screen.findByText("hosted · MLflow 3.10.1")).toBeTruthy();
    expect(screen.getByText("paused")).toBeTruthy();
  });

  it("says what to do when there is no app", async () => {
    answerWith(list());
    show();
    expect(await screen.findByText("No apps yet")).toBeTruthy();
  });

  const failures: [what: string, answer: () => Response | Promise<Response>, text: string][] = [
    [
      "a refusal in MLflow's shape",
      () =>
        Response.json({ error_code: "PERMISSION_DENIED", message: "Not you." }, { status: 403 }),
      "Not you.",
    ],
    [
      "an error that is no JSON",
      () => new Response("<p>", { status: 502 }),
      "The gateway answered 502.",
    ],
    [
      "an answer that is no list",
      () => Response.json({ hello: 1 }),
      "The gateway answered something that is no list of apps.",
    ],
    [
      "no network",
      () => Promise.reject(new TypeError("failed")),
      "The gateway cannot be reached. Is the network up?",
    ],
  ];
  it.each(failures)("%s is told, and trying again works", async (_what, answer, text) => {
    answerWith(answer, answer, list(kResearch));
    show();
    expect(await screen.findByText(text, {}, { timeout: 3000 })).toBeTruthy();
    await userEvent.click(screen.getByText("Try again"));
    expect(await screen.findByRole("link", { name: "Research" })).toBeTruthy();
    expect(screen.queryByText(text)).toBeNull();
  });

  it("names the failed request", async () => {
    const headers = { "x-request-id": "4bf92f35" };
    answerWith(() => Response.json({ message: "Down." }, { status: 503, headers }));
    show();
    expect(await screen.findByText("Request 4bf92f35", {}, { timeout: 3000 })).toBeTruthy();
  });

  it("opens a route without an app in the default app", async () => {
    answerWith(list(kSandbox, kResearch));
    show("/experiments/7/runs/abc?x=y");
    await vi.waitFor(() =>
      expect(screen.getByTestId("where").textContent).toBe(
        "/app/research/experiments/7/runs/abc?x=y",
      ),
    );
  });

  it("shows how to use an app from Python", async () => {
    answerWith(list(kResearch));
    show();
    await userEvent.click(await screen.findByRole("button", { name: "Use from Python: Research" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog.textContent).toContain(
      'mlflow.set_tracking_uri("https://mlflow.example.com/apps/research")',
    );
  });
});
