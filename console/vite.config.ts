import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `PROMPTOPS_SERVER` is the server that `npm run dev` speaks to; a build speaks to the server it came from.
const server = process.env.PROMPTOPS_SERVER ?? 'http://127.0.0.1:8470';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    strictPort: true,
    proxy: Object.fromEntries(
      ['/api', '/openapi.json', '/delivery', '/healthz', '/readyz'].map((path) => [path, { target: server, changeOrigin: false }]),
    ),
  },
  build: {
    target: 'es2023',
    // The policy of the page allows no data: script and no inline style sheet link; small files stay files.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}'],
    css: false,
  },
});
