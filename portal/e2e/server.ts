/**
 * The gateway as the portal sees it, with its content security policy, and two MLflows whose page is
 * a small program on the router that MLflow itself uses. Its state is one test's at a time.
 */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { DeviceGrant, Me, Provider, Token } from "../src/api/account.ts";
import type { components } from "../src/api/schema.ts";

type App = components["schemas"]["App"];

const kHere = fileURLToPath(new URL(".", import.meta.url));
const kDist = join(kHere, "..", "dist");
const kMlflow = join(kHere, "out", "mlflow");
const kPort = Number(process.env.PORT ?? 4180);
const kPublic = `http://127.0.0.1:${kPort}`;
const kOwnHost = `http://localhost:${kPort + 1}`;

const kPolicy = [
  "default-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  `frame-src 'self' ${kOwnHost}`,
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join("; ");

const kWatch = '<script src="/signet/static/session-watch.js"></script>';
const kWatchOfOwnHost = kWatch.replace(">", ` data-portal="${kPublic}">`);
const kCsrf = "0123456789abcdef";
const kCorp: Provider = { name: "corp", title: "Company login" };
const kPartners: Provider = { name: "partners", title: "Partner login" };

const kTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** What a test may change; `POST /e2e` puts it back to this and lays its body over it. */
function freshState() {
  return {
    down: [] as string[],
    apps: "some" as "some" | "none" | "many" | "broken",
    slow: 0,
    badPages: 0,
    /** Off: nobody signs in. Out: there is no session. Old: one from a while ago. */
    session: "off" as "off" | "out" | "in" | "old",
    providers: "one" as "none" | "one" | "two",
    tokens: [] as Token[],
    grant: "pending" as DeviceGrant["state"],
  };
}
let state = freshState();

function apps(): App[] {
  const app = (name: string, title: string, more: Partial<App> = {}): App => {
    const down = state.down.includes(name);
    return {
      name,
      title,
      default: false,
      kind: "sagemaker-app",
      region: "eu-west-1",
      state: down ? "unavailable" : "available",
      version: "3.10.1",
      message: down ? "The MLflow server refuses connections." : null,
      mount: `/apps/${name}/`,
      url: `${kPublic}/apps/${name}`,
      ...more,
    };
  };
  const some = [
    app("research", "Research", { default: true }),
    app("vision", "Computer vision", { kind: "sagemaker-tracking-server", version: "2.16.2" }),
    app("sandbox", "Sandbox", { kind: "mlflow", region: null, version: "3.17.2" }),
    app("own", "Own host", {
      kind: "mlflow",
      region: null,
      state: "unknown",
      version: null,
      mount: `${kOwnHost}/`,
      url: kOwnHost,
    }),
  ];
  if (state.apps === "none") return [];
  if (state.apps === "some") return some;
  return [...some, ...Array.from({ length: 9 }, (_, i) => app(`team-${i}`, `Team ${i}`))];
}

function me(): Me {
  const isOff = state.session === "off";
  return {
    person: isOff
      ? { id: "anonymous", name: "", groups: [], admin: true }
      : { id: "ada@example.com", name: "Ada Lovelace", groups: ["team-a"], admin: false },
    means: isOff ? "anonymous" : "session",
    provider: isOff ? null : kCorp,
    session: isOff ? null : { signed_in_at: iso(-3600), ends_at: iso(36_000) },
    can_make_tokens: !isOff,
    max_token_days: 90,
  };
}

function iso(seconds: number) {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

function send(to: ServerResponse, status: number, type: string, body: string) {
  to.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}

function fail(to: ServerResponse, status: number, message: string) {
  to.setHeader("x-request-id", "0af7651916cd43dd8448eb211c80319c");
  send(
    to,
    status,
    "application/json",
    JSON.stringify({ error_code: "TEMPORARILY_UNAVAILABLE", message }),
  );
}

function sendFile(to: ServerResponse, root: string, name: string) {
  const file = join(root, normalize(`/${name}`));
  if (!existsSync(file)) return fail(to, 404, "There is no such file.");
  to.writeHead(200, { "content-type": kTypes[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(to);
}

/** Refuses what the gateway refuses in a path, so that no address of the portal relies on it. */
function isLawful(path: string) {
  if (/\/\/|\\|;|%2f|%5c|%00|%25/i.test(path)) return false;
  return !/(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path);
}

async function readAll(from: IncomingMessage) {
  const parts: Buffer[] = [];
  for await (const part of from) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function mlflow(to: ServerResponse, name: string, path: string, wantsPage: boolean) {
  if (state.slow > 0) await new Promise((done) => setTimeout(done, state.slow));
  if (state.down.includes(name)) {
    if (!wantsPage) return fail(to, 503, "The MLflow server refuses connections.");
    return send(to, 503, "text/html", "<!doctype html><title>503</title><p>Down</p>");
  }
  if (path === "" && wantsPage && state.badPages > 0) {
    state.badPages -= 1;
    return send(to, 502, "text/html", "<!doctype html><title>502</title><p>Lost</p>");
  }
  if (path !== "") return sendFile(to, kMlflow, path);
  const page = readFileSync(join(kMlflow, "index.html"), "utf8");
  to.setHeader("content-security-policy", mlflowPolicy(name));
  const watch = name === "own" ? kWatchOfOwnHost : kWatch;
  send(to, 200, "text/html", page.replace("<head>", `<head>${watch}`));
}

/** As the gateway confines MLflow's scripts. */
function mlflowPolicy(name: string) {
  const host = name === "own" ? new URL(kOwnHost).host : new URL(kPublic).host;
  const mount = name === "own" ? "" : `/apps/${name}`;
  return `script-src ${host}${mount}/static-files/ ${host}/signet/static/; object-src 'none'`;
}

function refuse(to: ServerResponse, status: number, refusal: string, message: string) {
  to.setHeader("x-signet-refusal", refusal);
  send(to, status, "application/json", JSON.stringify({ error_code: "X", message }));
}

/** What the gateway asks of whoever is behind sign-in. True when it has refused. */
function isStranger(from: IncomingMessage, to: ServerResponse) {
  if (state.session !== "out") return false;
  if (from.headers["sec-fetch-mode"] === "navigate") {
    const back = encodeURIComponent(from.url ?? "/");
    to.writeHead(302, { location: `/app/sign-in?return=${back}` }).end();
  } else {
    refuse(to, 401, "unauthenticated", "Nobody is signed in.");
  }
  return true;
}

function signIn(from: IncomingMessage, to: ServerResponse) {
  const { searchParams } = new URL(from.url ?? "/", kPublic);
  state.session = "in";
  to.writeHead(302, { location: searchParams.get("return") ?? "/app" }).end();
}

/** Below /signet/api/v1, for whoever is known. */
async function account(from: IncomingMessage, to: ServerResponse, path: string) {
  const json = (status: number, body: unknown) =>
    send(to, status, "application/json", JSON.stringify(body));
  const isChange = from.method !== "GET";
  const sent = isChange ? JSON.parse((await readAll(from)) || "{}") : {};
  if (isChange && from.headers["x-signet-csrf"] !== kCsrf) {
    return refuse(to, 403, "cross-site", "The proof is missing.");
  }
  if (path === "/me") return json(200, me());
  if (path === "/tokens" && !isChange) return json(200, { tokens: state.tokens });
  if (path === "/tokens") {
    if (state.session === "old") return refuse(to, 403, "sign-in-too-old", "Sign in again.");
    const { title, apps, permission, kind, lifetime_days: days } = sent;
    const token: Token = {
      id: `${state.tokens.length}`.padStart(16, "0"),
      person: "ada@example.com",
      made_at: iso(0),
      expires_at: iso(days * 86_400),
      last_used_at: null,
      revoked_at: null,
      state: "usable",
      ...{ title, apps, permission, kind },
    };
    state.tokens.push(token);
    return json(201, { token, secret: "signet_1f0bNotARealSecretNotARealSecret00" });
  }
  const [, id] = /^\/tokens\/([0-9a-f]{16})$/.exec(path) ?? [];
  const revoked = state.tokens.find((token) => token.id === id);
  if (from.method === "DELETE" && revoked) {
    Object.assign(revoked, { state: "revoked", revoked_at: iso(0) });
    return to.writeHead(204).end();
  }
  if (path === "/device/grants") {
    const { searchParams } = new URL(from.url ?? "/", kPublic);
    if ((isChange ? sent.user_code : searchParams.get("user_code")) !== "BCDF-GHJK") {
      return refuse(to, 404, "", "There is no such code.");
    }
    if (isChange) {
      state.grant = sent.approve === true ? "approved" : "denied";
      return to.writeHead(204).end();
    }
    const client_address = "203.0.113.7";
    const times = { made_at: iso(-60), expires_at: iso(540) };
    return json(200, { user_code: "BCDF-GHJK", client_address, ...times, state: state.grant });
  }
  return fail(to, 404, `No ${path} here.`);
}

async function portal(from: IncomingMessage, to: ServerResponse) {
  const [path = "/"] = (from.url ?? "/").split("?");
  if (!isLawful(path)) return fail(to, 400, `The gateway refuses ${path}.`);
  const mount = /^\/apps\/([^/]+)\/(.*)$/.exec(path);
  if (mount) {
    if (!mount[2]?.startsWith("static-files/") && isStranger(from, to)) return;
    const wantsPage = from.headers.accept?.includes("text/html") === true;
    return mlflow(to, mount[1] ?? "", mount[2] ?? "", wantsPage);
  }
  if (path === "/e2e") {
    const change = JSON.parse((await readAll(from)) || "{}") as Partial<typeof state>;
    state = { ...freshState(), ...change };
    return send(to, 200, "application/json", "{}");
  }
  if (path.startsWith("/signet/static/")) {
    return sendFile(to, join(kDist, "static"), path.slice("/signet/static/".length));
  }
  if (path === "/signet/sign-in") return signIn(from, to);
  if (path === "/signet/sign-out") {
    if (from.headers["x-signet-csrf"] !== kCsrf) return refuse(to, 403, "cross-site", "No.");
    state.session = "out";
    return send(to, 200, "application/json", '{"location": "/app/signed-out"}');
  }
  if (path === "/signet/api/v1/sign-in") {
    const providers = { none: [], one: [kCorp], two: [kCorp, kPartners] }[state.providers];
    const body = { title: "ML platform", providers };
    return send(to, 200, "application/json", JSON.stringify(body));
  }
  if (path.startsWith("/signet/api/") && isStranger(from, to)) return;
  if (path === "/signet/api/v1/apps") {
    if (state.apps === "broken") return fail(to, 503, "The gateway is starting.");
    const body = { portal: { title: "ML platform" }, apps: apps() };
    return send(to, 200, "application/json", JSON.stringify(body));
  }
  const api = "/signet/api/v1";
  if (path.startsWith(`${api}/`)) return account(from, to, path.slice(api.length));
  if (path === "/favicon.ico") return to.writeHead(204).end();
  if (path === "/") return to.writeHead(302, { location: "/app" }).end();
  if (path !== "/app" && !path.startsWith("/app/")) return fail(to, 404, `No ${path} here.`);
  const cookie = `mlflow-request-header-X-Signet-Csrf=${kCsrf}; Path=/; SameSite=Strict`;
  if (state.session === "in" || state.session === "old") to.setHeader("set-cookie", cookie);
  to.setHeader("content-security-policy", kPolicy);
  to.setHeader("cross-origin-opener-policy", "same-origin");
  const isFile = extname(path) !== "";
  sendFile(to, kDist, isFile ? path.slice("/app/".length) : "index.html");
}

createServer((from, to) => void portal(from, to)).listen(kPort, "127.0.0.1");
createServer((from, to) => {
  const path = (from.url ?? "/").slice(1);
  if (path.startsWith("signet/static/")) {
    return sendFile(to, join(kDist, "static"), path.slice("signet/static/".length));
  }
  if (path.startsWith("ajax-api/") && isStranger(from, to)) return;
  void mlflow(to, "own", path, true);
}).listen(kPort + 1, "localhost", () => process.send?.("listening"));
