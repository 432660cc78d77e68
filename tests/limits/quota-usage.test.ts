import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTokenStore } from '../../plugins/limits/buckets/token-store.ts';
import type { QuotaPolicy } from '../../plugins/limits/index.ts';
import { quotaUsage, resetQuota } from '../../plugins/limits/quota-usage.ts';
import { createQuota } from '../../plugins/limits/quotas/quota.ts';
import { connectRedis, type SharedStore } from '../../plugins/redis/index.ts';
import { runCommand } from '../harness/command.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';

const POLICY: QuotaPolicy = { name: 'monthly', limit: 10_000_000_000, period: { unit: 'month' } };
const WHO = 'client:shop';

let redis: RedisServer;
let store: SharedStore;
beforeAll(async () => {
  redis = await startRedis();
  store = connectRedis({ url: redis.url, commandTimeoutMs: 5_000 });
});
afterAll(async () => {
  await store?.close();
  await redis?.close();
});

async function use(amount: number): Promise<void> {
  const tokens = createTokenStore({ store, timeoutMs: 5_000 });
  const { outcome } = await tokens.take([
    { kind: 'quota', key: `${POLICY.name}:${WHO}`, quota: createQuota(POLICY), amount },
  ]);
  expect(outcome).toBe('admitted');
  await tokens.close();
}

test('what is used of a quota can be read without using it, and given back whole', async () => {
  expect(await quotaUsage(store, POLICY, WHO)).toMatchObject({ used: 0, remaining: POLICY.limit });
  // More than one take may have.
  for (const amount of [1_900_000_000, 1_900_000_000, 7]) await use(amount);
  const used = { policy: 'monthly', for: WHO, used: 3_800_000_007, limit: POLICY.limit };
  expect(await quotaUsage(store, POLICY, WHO)).toMatchObject(used);
  expect(await quotaUsage(store, POLICY, WHO)).toMatchObject(used);
  expect(await quotaUsage(store, POLICY, 'client:other')).toMatchObject({ used: 0 });
  expect(await resetQuota(store, POLICY, WHO)).toMatchObject({ used: 0, remaining: POLICY.limit });
  expect(await quotaUsage(store, POLICY, WHO)).toMatchObject({ used: 0 });
});

test('a quota that nobody has configured is named, beside those that are', async () => {
  const { code, stderr } = await runCommand('quota', ['show', 'yearly', '--for', WHO], { REDIS_URL: redis.url });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^there is no quota "yearly" in gateway\.config\.ts; quotas: there are none\n\nUsage: /);
});
