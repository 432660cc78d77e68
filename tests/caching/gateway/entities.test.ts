import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { startCachedFederation, type CachedFederation } from './cached-federation.ts';
import { ask } from './ask.ts';

let federation: CachedFederation;
let redis: RedisServer;
let gateway: TestGateway;
beforeAll(async () => {
  [federation, redis] = await Promise.all([startCachedFederation(), startRedis()]);
  gateway = await startGateway({ subgraphs: federation.all, env: { REDIS_URL: redis.url } });
}, 60_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await redis?.close();
  await federation?.[Symbol.asyncDispose]();
});

/** The representations that the subgraph of stocks was asked for since the last time. */
function askedFor(): readonly string[] {
  const calls = federation.stock.calls.splice(0);
  return calls.flatMap(({ variables }) =>
    ((variables?.['representations'] ?? []) as { id: string }[]).map(({ id }) => id),
  );
}

test('only the entities that the cache lacks are asked for, and all come in order', async () => {
  await ask(gateway, '{ products(first: 4) { id stock } }');
  expect(askedFor()).toEqual(['1', '2', '3', '4']);
  const more = await ask(gateway, '{ products(first: 6) { name stock } }');
  expect(more.body.data?.products.map(({ stock }: { stock: number }) => stock)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(askedFor()).toEqual(['5', '6']);
  expect(more.headers.get('cache-status')).toBe('gatehouse; fwd=partial; detail="4 of 7"; stored');
  const one = await ask(gateway, '{ product(id: "3") { stock } }');
  expect(one.body.data?.product.stock).toBe(3);
  expect(askedFor()).toEqual([]);
});
