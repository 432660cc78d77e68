import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { cedarEngine } from '../../../plugins/authorization/engines/index.ts';
import { until } from '../../harness/until.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { permitWhen, policyDirectory } from './policy-directory.ts';
import { decide, outcomes, question } from './questions.ts';

const YES = permitWhen('true');
const NO = permitWhen('false');

afterEach(() => {
  vi.useRealTimers();
});

test('a policy file that changes is in force from then on, and no question fails meanwhile', async () => {
  await using directory = await policyDirectory({ owner: YES });
  const { log, lines } = recordingLogger();
  const engine = cedarEngine({ directory: directory.path, log });
  const seen = new Set<string>();
  const stop = new AbortController();

  async function askOnAndOn(): Promise<void> {
    while (!stop.signal.aborted) {
      const asked = Array.from({ length: 20 }, () => question());
      for (const outcome of await outcomes(engine, asked)) seen.add(outcome);
      // A turn of its own for the watch.
      await new Promise(setImmediate);
    }
  }

  const asking = [askOnAndOn(), askOnAndOn()];
  try {
    for (const [text, outcome] of [
      [NO, 'deny'],
      [YES, 'allow'],
      [`${NO}\n`, 'deny'],
    ] as const) {
      await directory.write('owner', text);
      await until(`the change to ${outcome}`, async () => (await outcomes(engine, [question()]))[0] === outcome);
    }
  } finally {
    stop.abort();
    await Promise.all(asking);
    await engine.close?.();
  }
  expect([...seen].toSorted()).toEqual(['allow', 'deny']);
  expect(lines()).toEqual(Array.from({ length: 3 }, () => 'info: A Cedar policy has changed {"policy":"owner"}'));
});

test('a file that is broken leaves the old policy in force, and is logged with what is wrong, once', async () => {
  await using directory = await policyDirectory({ owner: YES, other: YES });
  const { log, lines } = recordingLogger();
  const engine = cedarEngine({ directory: directory.path, log });
  try {
    await directory.write('owner', 'permit(principal, action');
    await until('the log', () => lines().length > 0);
    expect(await outcomes(engine, [question()])).toEqual(['allow']);
    await directory.write('other', NO);
    const other = question({ policy: 'other' });
    await until('the other file', async () => (await outcomes(engine, [other]))[0] === 'deny');
    expect(lines()).toEqual([
      expect.stringMatching(
        /^warn: A Cedar policy is broken; what was in force stays so \{"policy":"owner","reason":".*\(line 1/,
      ),
      'info: A Cedar policy has changed {"policy":"other"}',
    ]);
    await directory.write('owner', NO);
    await until('the repair', async () => (await outcomes(engine, [question()]))[0] === 'deny');
  } finally {
    await engine.close?.();
  }
});

test('a file that is new is asked from then on, and one that is deleted no more', async () => {
  await using directory = await policyDirectory({ owner: YES });
  const { log, lines } = recordingLogger();
  const engine = cedarEngine({ directory: directory.path, log });
  try {
    const asked = [question(), question({ policy: 'new' })];
    expect(await outcomes(engine, asked)).toEqual(['allow', 'failed']);
    await directory.write('new', NO);
    await directory.remove('owner');
    await until('the change', async () => (await outcomes(engine, asked)).join() === 'failed,deny');
    expect(lines()).toContain('warn: A Cedar policy is gone {"policy":"owner"}');
  } finally {
    await engine.close?.();
  }
});

test('a folder that is replaced, and so no longer heard of, is read within 10 s; one that is gone changes nothing', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await using directory = await policyDirectory({ owner: YES });
  const { log, lines } = recordingLogger();
  const engine = cedarEngine({ directory: directory.path, log });
  try {
    await rm(directory.path, { recursive: true });
    vi.advanceTimersByTime(10_000);
    vi.advanceTimersByTime(10_000);
    expect(await outcomes(engine, [question()])).toEqual(['allow']);
    await until('the log', () => lines().length > 0);
    expect(lines()).toEqual([expect.stringContaining('warn: The Cedar policies cannot be read')]);

    const next = `${directory.path}-next`;
    await mkdir(next);
    await writeFile(join(next, 'owner.cedar'), NO);
    await rename(next, directory.path);
    vi.advanceTimersByTime(10_000);
    expect(await outcomes(engine, [question()])).toEqual(['deny']);
  } finally {
    await engine.close?.();
  }
});

test('a closed engine reads no more', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await using directory = await policyDirectory({ owner: YES });
  const engine = cedarEngine({ directory: directory.path });
  await engine.close?.();
  await directory.write('owner', NO);
  vi.advanceTimersByTime(60_000);
  expect(await decide(engine, [question()])).toEqual([{ outcome: 'allow' }]);
});
