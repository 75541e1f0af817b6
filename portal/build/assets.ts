import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const kText = /\.(?:js|css|html|svg|json|txt|map)$/;
const kInlineFont = /url\((['"]?)data:font\/woff2;base64,([A-Za-z0-9+/=]+)\1\)/g;

/**
 * Turns the fonts that Cloudscape's style sheet carries inline into files of their own, so that a
 * browser fetches only the faces a page uses.
 */
export function fontFiles(): Plugin {
  return {
    name: "signet-font-files",
    apply: "build",
    generateBundle(_options, bundle) {
      for (const asset of Object.values(bundle)) {
        if (asset.type !== "asset" || !asset.fileName.endsWith(".css")) continue;
        const css = Buffer.from(asset.source).toString();
        asset.source = css.replace(kInlineFont, (_all, _quote, data: string) => {
          const source = Buffer.from(data, "base64");
          const id = this.emitFile({ type: "asset", name: "open-sans.woff2", source });
          return `url(./${this.getFileName(id).split("/").at(-1)})`;
        });
      }
    },
  };
}

/** Writes `.br` and `.gz` beside every text file, for a server that only ever copies bytes. */
export function precompressed(): Plugin {
  return {
    name: "signet-precompressed",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (!kText.test(file.fileName)) continue;
          const bytes = Buffer.from(file.type === "chunk" ? file.code : file.source);
          const brotli = brotliCompressSync(bytes, {
            params: {
              [constants.BROTLI_PARAM_QUALITY]: 11,
              [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
            },
          });
          const gzip = gzipSync(bytes, { level: 9 });
          this.emitFile({ type: "asset", fileName: `${file.fileName}.br`, source: brotli });
          this.emitFile({ type: "asset", fileName: `${file.fileName}.gz`, source: gzip });
        }
      },
    },
  };
}
