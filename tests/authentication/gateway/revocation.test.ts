import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../harness/command.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { HASH_SECRET } from '../api-key/keys.ts';
import { startCallerSubgraph, type CallerSubgraph } from './caller-subgraph.ts';
import { startLoad } from './load.ts';
import { askOverHttp } from './ways.ts';

/** Each gateway is asked every 20 ms. */
const REQUESTS_PER_SECOND = 50;

let redis: RedisServer;
let subgraph: CallerSubgraph;
let gateways: readonly TestGateway[] = [];
let env: Record<string, string>;

beforeAll(async () => {
  [redis, subgraph] = await Promise.all([startRedis(), startCallerSubgraph()]);
  env = { API_KEY_SECRET: HASH_SECRET, REDIS_URL: redis.url };
  const start = () => startGateway({ subgraphs: [subgraph], env: { ...subgraph.env, ...env } });
  gateways = await Promise.all([start(), start()]);
});

afterAll(async () => {
  await Promise.all([...gateways, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
  await redis?.close();
});

async function keys(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand('keys', args, env);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return stdout.trim();
}

test('an API key that the command revokes is refused by every gateway within a second, and accepted until then', async () => {
  const key = await keys('create', '--name', 'a key');
  const other = await keys('create', '--name', 'another key');
  const loads = gateways.map((gateway) =>
    startLoad(REQUESTS_PER_SECOND, async (count) => {
      const sentAt = performance.now();
      const { status } = await askOverHttp(gateway, { 'x-api-key': count % 5 === 0 ? other : key });
      return { sentAt, status, isOther: count % 5 === 0 };
    }),
  );
  await until('a second of requests', () => loads.every(({ results }) => results.length > REQUESTS_PER_SECOND));
  const beganAt = performance.now();
  await keys('revoke', key.split('_')[1] ?? '');
  const endedAt = performance.now();
  await until('a second and a half', () => performance.now() > endedAt + 1_500);
  await Promise.all(loads.map((load) => load.stop()));

  for (const { results } of loads) {
    const [others, own] = [true, false].map((isOther) => results.filter((one) => one.isOther === isOther));
    expect(new Set(others?.map(({ status }) => status))).toEqual(new Set([200]));
    const before = own?.filter(({ sentAt }) => sentAt < beganAt);
    const after = own?.filter(({ sentAt }) => sentAt > endedAt + 1_000);
    expect(new Set(before?.map(({ status }) => status))).toEqual(new Set([200]));
    // From so many wrong ones, the address comes to be limited.
    expect(after?.filter(({ status }) => status !== 401 && status !== 429)).toEqual([]);
    expect(after?.length).toBeGreaterThan(10);
  }
});
