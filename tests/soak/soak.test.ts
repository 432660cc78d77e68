import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLoad } from '../faults/whole/load.ts';
import { expectAllEvents, expectOwnWrites, problemsOf } from '../faults/whole/promises.ts';
import { expectGoodEnd } from '../faults/whole/redis-fault.ts';
import { startSurroundings, type Surroundings } from '../faults/whole/surroundings.ts';
import { startWholeGateway, type WholeGateway } from '../faults/whole/whole-gateway.ts';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { redisCli } from '../redis/redis-cli.ts';
import { soakMinutes } from './minutes.ts';
import { slopeOf } from './trend.ts';

// A whole gateway under mixed load for a long time: SOAK_MINUTES. What it holds is looked at all the while.

const MINUTES = soakMinutes();
/** For a last request, and a busy machine, three minutes more. */
const TIMEOUT_MS = (MINUTES + 3) * 60_000;
/** At least so many, however short it is. */
const SAMPLES = 40;
const SAMPLE_INTERVAL_MS = Math.min(15_000, (MINUTES * 60_000) / SAMPLES);
/** s; of clients' tokens. */
const TOKEN_LIFETIME = MINUTES * 60 + 600;
/** What may be over at its end beside what was there half way: of what there was, and in absolute numbers. */
const GROWTH = 0.05;
const SLACK = { heapUsed: 4_000_000, external: 4_000_000, handles: 10, sockets: 10, redisKeys: 20 } as const;

interface Sample {
  readonly at: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly handles: number;
  readonly sockets: number;
  readonly redisKeys: number;
}

let around: Surroundings;
let redis: RedisServer;
let gateway: WholeGateway;
let memoryPort: number;

beforeAll(async () => {
  [around, redis, memoryPort] = await Promise.all([startSurroundings(), startRedis(), freePort()]);
  gateway = await startWholeGateway(around, {
    redisUrl: redis.url,
    config: new URL('gateway.config.ts', import.meta.url).pathname,
    env: { MEMORY_PORT: String(memoryPort), NODE_OPTIONS: '--expose-gc' },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([around?.[Symbol.asyncDispose](), redis?.close()]);
});

async function sample(): Promise<Sample> {
  const memory = await fetch(`http://127.0.0.1:${memoryPort}/memory`);
  const [held, { server }, keys] = await Promise.all([
    memory.json() as Promise<Pick<Sample, 'heapUsed' | 'external' | 'handles'>>,
    gateway.page(),
    redisCli(redis.port, 'DBSIZE'),
  ]);
  return { at: performance.now(), ...held, sockets: server.openSockets, redisKeys: Number(keys) };
}

test(
  `under ${MINUTES} minutes of mixed load no request fails, and heap, handles, sockets and keys in Redis stay as they are`,
  { timeout: TIMEOUT_MS },
  async () => {
    const claims = { exp: Math.floor(Date.now() / 1_000) + TOKEN_LIFETIME };
    await using load = await startLoad({ around, gateways: [gateway], claims });
    const samples: Sample[] = [];
    const endsAt = performance.now() + MINUTES * 60_000;
    while (performance.now() < endsAt) {
      await sleep(SAMPLE_INTERVAL_MS);
      samples.push(await sample());
    }
    const report = await load.stop();
    const [first, last] = [samples[0], samples.at(-1)];
    process.stderr.write(`${JSON.stringify({ minutes: MINUTES, requests: report.answers.length, first, last })}\n`);

    expect(problemsOf(report.answers)).toEqual([]);
    expectAllEvents(report);
    expectOwnWrites(report);
    // What is made once is made in the first half, and what is kept for a while is full.
    const second = samples.slice(Math.floor(samples.length / 2));
    const lasted = (second.at(-1)?.at ?? 0) - (second[0]?.at ?? 0);
    for (const what of ['heapUsed', 'external', 'handles', 'sockets', 'redisKeys'] as const) {
      const growth = slopeOf(second.map((one) => ({ x: one.at, y: one[what] }))) * lasted;
      const most = (second[0]?.[what] ?? 0) * GROWTH + SLACK[what];
      expect({ what, growth, isFlat: growth <= most }).toEqual({ what, growth, isFlat: true });
    }
    await expectGoodEnd([gateway]);
  },
);
