import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const WORTH_COMPRESSING = 1024;
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/** Writes each file compressed beside itself, so that the center compresses nothing while it serves. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    // On what was written: while the bundle is made, Vite still puts names into it.
    writeBundle({ dir = "dist" }, bundle) {
      for (const name of Object.keys(bundle)) {
        const path = join(dir, name);
        const content = readFileSync(path);
        if (name.endsWith(".html") || content.length < WORTH_COMPRESSING) continue;
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(content, BROTLI));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), precompress()],
  // The center writes a fresh nonce over this word in every answer (center/front/api.py).
  html: { cspNonce: "CSP_NONCE" },
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        // One file for what every page needs, since each request costs.
        codeSplitting: { groups: [{ name: "base", tags: ["$initial"] }] },
      },
    },
  },
  server: { proxy: { "/api": process.env.JIUZHOU_CENTER ?? "http://127.0.0.1:8400" } },
  test: {
    environment: "jsdom",
    setupFiles: "src/app/test-setup.ts",
    restoreMocks: true,
    // Far above what a test takes: a busy machine is no failure.
    testTimeout: 60_000,
  },
});
