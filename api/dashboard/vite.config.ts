// How the page is built: into dist/, which the API's program takes in, and never above what it may weigh.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** The most that all scripts together may weigh as they are sent, in bytes. */
const BUDGET = 80_000;

/** Puts beside each file a packed one, for browsers that take it, and fails where the scripts have become too heavy. */
function packed(): Plugin {
  let folder = "";
  return {
    name: "packed",
    apply: "build",
    configResolved: (config) => void (folder = join(config.root, config.build.outDir)),
    closeBundle() {
      let weight = 0;
      for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!/\.(html|js|css|svg)$/.test(file)) continue;
        const small = gzipSync(readFileSync(join(folder, file)), { level: constants.Z_BEST_COMPRESSION });
        writeFileSync(join(folder, `${file}.gz`), small);
        if (file.endsWith(".js")) weight += small.length;
      }
      const said = `The scripts weigh ${(weight / 1000).toFixed(1)} kB of ${BUDGET / 1000} kB, packed.`;
      if (weight > BUDGET) throw new Error(said);
      console.log(said);
    },
  };
}

export default defineConfig({
  base: "/dashboard/",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    target: "es2022",
    // A policy that allows no inline data, and files that are cached for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: [packed()],
  server: {
    // `npm run dev` beside a running `./dev up`.
    proxy: { "/v1": process.env["SLUICE_URL"] ?? "http://127.0.0.1:8080" },
  },
});
