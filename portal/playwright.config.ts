import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { defineConfig } from "@playwright/test";

const kFirstPort = Number(process.env.PORT ?? 4180);
const kWorkers = Math.min(Number(process.env.SIGNET_JOBS ?? availableParallelism()), 8);
/** Of the gateway that a worker's tests have to themselves; the next port is an app's own host. */
const kPorts = Array.from({ length: kWorkers }, (_, worker) => kFirstPort + 2 * worker);

/** Debian's Chromium: nothing is downloaded. */
function chromium() {
  return execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
}

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  outputDir: "e2e/out/results",
  workers: kWorkers,
  fullyParallel: true,
  forbidOnly: true,
  reporter: "list",
  // Axe alone takes ten seconds on a busy machine.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  use: {
    baseURL: `http://127.0.0.1:${kPorts[Number(process.env.TEST_PARALLEL_INDEX ?? 0)]}`,
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
    launchOptions: {
      executablePath: chromium(),
      args: ["--no-sandbox", "--disable-features=LocalNetworkAccessChecks"],
    },
    trace: "retain-on-failure",
  },
  webServer: {
    command: `node e2e/servers.ts ${kPorts.join(" ")}`,
    url: `http://127.0.0.1:${kPorts.at(-1)}/signet/api/v1/apps`,
    reuseExistingServer: false,
    timeout: 60_000,
  },
});
