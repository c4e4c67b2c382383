import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const WORTH_COMPRESSING = 1024;

/** Writes each file compressed beside itself, so that the center compresses nothing while it serves. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      for (const [name, item] of Object.entries(bundle)) {
        const content = Buffer.from(item.type === "chunk" ? item.code : item.source);
        if (name.endsWith(".html") || content.length < WORTH_COMPRESSING) continue;
        const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
        const emit = (end: string, source: Buffer) =>
          this.emitFile({ type: "asset", fileName: `${name}.${end}`, source });
        emit("gz", gzipSync(content, { level: 9 }));
        emit("br", brotliCompressSync(content, brotli));
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
