import { defineConfig } from 'vitest/config';

/** Needs the machine for itself: it holds a rate of requests. */
const LOAD = ['tests/e2e/reload-under-load.test.ts'];

/** What breaks what a gateway stands on, for seconds at a time: `npm run test:faults`. */
const FAULTS = 'tests/faults/**/*.test.ts';
/** Mixed load, for minutes: `npm run test:soak`. */
const SOAK = 'tests/soak/*.test.ts';

export default defineConfig({
  // Vite would load graphql's "module" build for what it transforms, beside the one that Node loads for all else.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: new URL('node_modules/graphql/index.js', import.meta.url).pathname }],
  },
  test: {
    globalSetup: ['tests/harness/binaries.ts'],
    // Each file may run gateways and servers of its own; two at a time is what a machine with two cores bears.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['tests/**/*.test.ts'],
          exclude: [...LOAD, FAULTS, SOAK],
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'load', include: LOAD, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'faults', include: [FAULTS], sequence: { groupOrder: 2 } } },
      { extends: true, test: { name: 'soak', include: [SOAK], sequence: { groupOrder: 3 } } },
    ],
  },
});
