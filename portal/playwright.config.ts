import { execFileSync } from "node:child_process";
import { defineConfig } from "@playwright/test";

const kPort = Number(process.env.PORT ?? 4180);

/** Debian's Chromium: nothing is downloaded. */
function chromium() {
  return execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
}

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  outputDir: "e2e/out/results",
  // The server's state is shared.
  workers: 1,
  forbidOnly: true,
  reporter: "list",
  // Axe alone takes ten seconds on a busy machine.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  use: {
    baseURL: `http://127.0.0.1:${kPort}`,
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
    launchOptions: {
      executablePath: chromium(),
      args: ["--no-sandbox", "--disable-features=LocalNetworkAccessChecks"],
    },
    trace: "retain-on-failure",
  },
  webServer: {
    command: "node e2e/server.ts",
    env: { PORT: String(kPort) },
    url: `http://127.0.0.1:${kPort}/signet/api/v1/apps`,
    reuseExistingServer: false,
    timeout: 60_000,
  },
});
