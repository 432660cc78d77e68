import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SCRIPT = new URL('objects-made.ts', import.meta.url).pathname;

/** With a small young generation, V8 makes up its mind soon; and then at once, not when another thread has compiled it. */
const FLAGS = ['--max-semi-space-size=1', '--no-concurrent-recompilation'];

async function youngOfHundred(...args: string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, SCRIPT, ...args]);
  return Number(stdout);
}

test('objects are made young, whatever survived before', async () => {
  expect(await youngOfHundred('keep young')).toBe(100);
  // Otherwise there is nothing to turn off any more.
  expect(await youngOfHundred()).toBeLessThan(100);
});
