import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

/**
 * Builds `src/injected/<name>.ts` to `static/<name>.js`: one classic script that leaves no globals,
 * under a name that stays, since the gateway writes it into pages that are not ours.
 */
export function injected(name: string, target: string[]): Plugin {
  return {
    name: "signet-injected",
    apply: "build",
    async generateBundle() {
      const entry = fileURLToPath(new URL(`../src/injected/${name}.ts`, import.meta.url));
      const built = await build({
        configFile: false,
        publicDir: false,
        logLevel: "warn",
        build: {
          write: false,
          target,
          minify: true,
          modulePreload: false,
          rollupOptions: { input: entry, output: { format: "iife" } },
        },
      });
      const [output] = Array.isArray(built) ? built : [built];
      if (output === undefined || !("output" in output)) throw new Error("the build only watches");
      const [chunk, ...more] = output.output;
      if (more.length > 0) throw new Error(`${name} is more than one file`);
      this.emitFile({ type: "asset", fileName: `static/${name}.js`, source: chunk.code });
    },
  };
}
