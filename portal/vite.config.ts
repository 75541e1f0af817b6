import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { fontFiles, precompressed } from "./build/assets.ts";
import { injected } from "./build/injected.ts";

const kTarget = ["chrome111", "firefox115", "safari16.4"];

export default defineConfig({
  base: "/app/",
  plugins: [react(), fontFiles(), injected("session-watch", kTarget), precompressed()],
  build: {
    target: kTarget,
    // An inlined asset would be a data: address, which the content security policy limits.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: {
      "/apps": "http://127.0.0.1:8080",
      "/signet": "http://127.0.0.1:8080",
    },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
    css: false,
  },
});
