import { defineConfig } from "vite";

// Names without hashes: the agent serves them with an ETag, and the build is the same bytes everywhere.
export default defineConfig({
  base: "/",
  build: {
    target: "chrome100",
    outDir: "dist",
    emptyOutDir: true,
    sourcemap: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 600,
    rollupOptions: {
      output: {
        entryFileNames: "assets/app.js",
        chunkFileNames: "assets/app.js",
        assetFileNames: "assets/app[extname]",
      },
    },
  },
});
