import { defineConfig } from 'vitest/config';
import { soakMinutes } from './minutes.ts';

/** For starting, for a last request, and for a busy machine. */
const SLACK_MINUTES = 3;

export default defineConfig({
  test: {
    include: ['tests/soak/*.test.ts'],
    globalSetup: ['tests/harness/binaries.ts'],
    testTimeout: (soakMinutes() + SLACK_MINUTES) * 60_000,
    hookTimeout: 60_000,
  },
});
