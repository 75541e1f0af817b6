/**
 * Builds MLflow's page, then runs a gateway for each worker: node e2e/servers.ts PORT… The last one
 * answers when all do.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const kHere = fileURLToPath(new URL(".", import.meta.url));

await build({
  root: join(kHere, "mlflow"),
  base: "./",
  configFile: false,
  logLevel: "error",
  build: { outDir: join(kHere, "out", "mlflow"), emptyOutDir: true, assetsDir: "static-files" },
});
for (const port of process.argv.slice(2)) {
  const gateway = fork(join(kHere, "server.ts"), { env: { ...process.env, PORT: port } });
  gateway.on("exit", (code) => process.exit(code ?? 1));
  await once(gateway, "message");
}
