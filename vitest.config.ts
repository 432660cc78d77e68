import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Vite would load graphql's "module" build for what it transforms, beside the one that Node loads for all else.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: new URL('node_modules/graphql/index.js', import.meta.url).pathname }],
  },
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/harness/redis-binary.ts'],
    // Each file may run gateways and servers of its own; two at a time is what a machine with two cores bears.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
