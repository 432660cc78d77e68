import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../caching/gateway/ask.ts';
import { libfaketime } from '../harness/binaries.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { startLoad } from './whole/load.ts';
import {
  admittedOf,
  expectAllEvents,
  expectOwnWrites,
  givenIn,
  longestOf,
  moreAnswers,
  problemsOf,
} from './whole/promises.ts';
import { END_PROMISE, expectGoodEnd } from './whole/redis-fault.ts';
import { COUNT_MAX_AGE, startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { LIMITED, startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// A whole gateway under load, whose wall clock is stepped. Its monotonic clock goes on, and so do others' clocks.

const HOUR = 3_600;
const STEPPED_MS = Number(process.env['FAULT_MS'] ?? 2_000);
const LONGEST_MS = 5_000;
/** Of what a bucket gives; the rest is what a busy machine does not ask for. */
const MOST = 0.75;
/** ms beside `COUNT_MAX_AGE` after which nobody is given the same count again. */
const SLACK_MS = 2_000;

let folder: string;
let around: Surroundings;
let redis: RedisServer;
let gateway: WholeGateway;

/** So many seconds before or after the true time. */
async function setClock(offset: number): Promise<void> {
  // It is read at any moment, and must never be empty.
  const next = join(folder, 'next');
  await writeFile(next, `${offset >= 0 ? '+' : ''}${offset}\n`);
  await rename(next, join(folder, 'clock'));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-clock-'));
  await setClock(0);
  [around, redis] = await Promise.all([startSurroundings(), startRedis()]);
  gateway = await startWholeGateway(around, {
    redisUrl: redis.url,
    env: {
      LD_PRELOAD: await libfaketime(),
      FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([around?.[Symbol.asyncDispose](), redis?.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function statusWith(token: string): Promise<number> {
  return (await ask(gateway, '{ now }', {}, { authorization: `Bearer ${token}` })).status;
}

async function count(): Promise<number> {
  return Number((await ask(gateway, '{ count }')).body.data?.count);
}

/** ms until another count is given than is now. */
async function untilItEnds(): Promise<number> {
  const at = performance.now();
  const first = await count();
  await until('what is kept to end', async () => (await count()) > first);
  return performance.now() - at;
}

test.each([
  ['forward', HOUR],
  ['back', -HOUR],
])(
  'while the clock is stepped an hour %s, no request fails or hangs, limits go on as before, what is cached ends in its time, tokens end by the clock, and no event is lost',
  async (_, offset) => {
    const now = Math.floor(Date.now() / 1_000);
    const signed = (from: number) => around.provider.sign({ sub: 'ada', exp: now + from });
    // Good by the true time and not by the other, the other way round, and always.
    const [soon, past] = await Promise.all([signed(HOUR / 2), signed(-HOUR / 2)]);
    await using load = await startLoad({
      around,
      gateways: [gateway],
      clients: { limited: 3 },
      claims: { exp: now + 3 * HOUR },
    });
    await moreAnswers(load, 1);
    expect([await statusWith(soon), await statusWith(past)]).toEqual([200, 401]);
    await count();
    const beganAt = performance.now();
    await setClock(offset);
    const ended = untilItEnds();
    expect([await statusWith(soon), await statusWith(past)]).toEqual(offset > 0 ? [401, 401] : [200, 200]);
    await sleep(STEPPED_MS);
    await moreAnswers(load, 1);
    const endedAfterStep = await ended;
    await setClock(0);
    const endedAfterReturn = await untilItEnds();
    expect([await statusWith(soon), await statusWith(past)]).toEqual([200, 401]);
    await sleep(STEPPED_MS);
    await moreAnswers(load, 1);
    const report = await load.stop();
    const endedAt = performance.now();

    expect(problemsOf(report.answers)).toEqual([]);
    expect(longestOf(report.answers)).toBeLessThan(LONGEST_MS);
    expect(Math.max(endedAfterStep, endedAfterReturn)).toBeLessThan(COUNT_MAX_AGE * 1_000 + SLACK_MS);
    const admitted = admittedOf(load.since(beganAt));
    expect(admitted).toBeLessThanOrEqual(givenIn(endedAt - beganAt) + 1);
    expect(admitted).toBeGreaterThan((MOST * LIMITED.refillPerSecond * (endedAt - beganAt)) / 1_000);
    expectAllEvents(report);
    expectOwnWrites(report);
    expect((await gateway.health()).status).toBe('ok');
  },
);

test(END_PROMISE, () => expectGoodEnd([gateway]));
