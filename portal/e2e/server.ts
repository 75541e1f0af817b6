/**
 * The gateway as the portal sees it, with its content security policy, and two MLflows whose page is
 * a small program on the router that MLflow itself uses.
 */
import { createReadStream, existsSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
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
  sendFile(to, kMlflow, path === "" ? "index.html" : path);
}

async function portal(from: IncomingMessage, to: ServerResponse) {
  const [path = "/"] = (from.url ?? "/").split("?");
  if (!isLawful(path)) return fail(to, 400, `The gateway refuses ${path}.`);
  const mount = /^\/apps\/([^/]+)\/(.*)$/.exec(path);
  if (mount) {
    const wantsPage = from.headers.accept?.includes("text/html") === true;
    return mlflow(to, mount[1] ?? "", mount[2] ?? "", wantsPage);
  }
  if (path === "/e2e") {
    const change = JSON.parse((await readAll(from)) || "{}") as Partial<typeof state>;
    state = { ...freshState(), ...change };
    return send(to, 200, "application/json", "{}");
  }
  if (path === "/signet/api/v1/apps") {
    if (state.apps === "broken") return fail(to, 503, "The gateway is starting.");
    const body = { portal: { title: "ML platform" }, apps: apps() };
    return send(to, 200, "application/json", JSON.stringify(body));
  }
  if (path === "/") return to.writeHead(302, { location: "/app" }).end();
  if (path !== "/app" && !path.startsWith("/app/")) return fail(to, 404, `No ${path} here.`);
  to.setHeader("content-security-policy", kPolicy);
  to.setHeader("cross-origin-opener-policy", "same-origin");
  const isFile = extname(path) !== "";
  sendFile(to, kDist, isFile ? path.slice("/app/".length) : "index.html");
}

await build({
  root: join(kHere, "mlflow"),
  base: "./",
  configFile: false,
  logLevel: "error",
  build: { outDir: kMlflow, emptyOutDir: true, assetsDir: "static-files" },
});
createServer((from, to) => void portal(from, to)).listen(kPort, "127.0.0.1");
createServer((from, to) => void mlflow(to, "own", (from.url ?? "/").slice(1), true)).listen(
  kPort + 1,
  "localhost",
);
