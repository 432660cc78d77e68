import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { ask } from './ask.ts';
import { startCachedFederation, type CachedFederation } from './cached-federation.ts';
import { invalidate, linked, startCachingGateway, type CachingGateway } from './caching-gateway.ts';
import { relayBefore, type RedisRelay } from './redis-relay.ts';
import { differences, staleness, startTraffic } from './traffic.ts';

/** How long everything runs at once, in ms. */
const RUN_MS = Number(process.env['CACHE_CONSISTENCY_MS'] ?? 2000);
/** What a gateway may take to hear of another's invalidation, on a machine that is busy with other tests. */
const LAG_MS = 900;
const ENTITIES = 8;
/** Fewer invalidations would show nothing. */
const ENOUGH = 30;

let federation: CachedFederation;
let redis: RedisServer;
let relay: RedisRelay;
let one: CachingGateway;
/** Hears of invalidations through the relay. */
let other: CachingGateway;
beforeAll(async () => {
  [federation, redis] = await Promise.all([startCachedFederation(ENTITIES), startRedis()]);
  relay = await relayBefore(redis.port);
  [one, other] = await Promise.all([
    startCachingGateway(redis.url, federation.all),
    startCachingGateway(relay.url, federation.all),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([one, other].map((gateway) => gateway?.[Symbol.asyncDispose]()));
  await relay?.[Symbol.asyncDispose]();
  await redis?.close();
  await federation?.[Symbol.asyncDispose]();
});

test(
  'nobody is given what was invalidated before: by this gateway at all, by another one as soon as it can be heard',
  async () => {
    const gateways = [one, other];
    const traffic = startTraffic({
      federation,
      gateways,
      products: ENTITIES,
      readers: 6,
      writers: 3,
      webhooks: true,
      maxDelayMs: 6,
    });
    await Promise.all([sleep(RUN_MS), until('enough to happen', () => traffic.writes() >= ENOUGH)]);
    const report = await traffic.stop();
    const { own, lagMs } = staleness(report);
    const { reads, acknowledged, failures, answered } = report;
    process.stdout.write(
      `${reads.length} reads, ${acknowledged.length} invalidations, ${JSON.stringify(answered)}, ` +
        `largest lag ${lagMs.toFixed(1)} ms\n`,
    );
    expect(own).toEqual([]);
    expect(failures).toEqual([]);
    expect(lagMs).toBeLessThan(LAG_MS);
    for (const count of Object.values(answered)) expect(count).toBeGreaterThan(10);
    await linked(gateways);
    expect(await differences(federation, gateways)).toEqual([]);
  },
  RUN_MS + 30_000,
);

const invalidateProduct = (id: string) => invalidate(one, { kind: 'entity', type: 'Product', key: { id } });

let named = 0;
/** Of a name that nobody has used, so that nobody has it as a whole. */
const anew = (selection: string): string => `query Anew${++named} { ${selection} }`;

/** Asks the gateway for something else: what it had to tell Redis before, it has then. */
async function settled(gateway: CachingGateway): Promise<void> {
  await ask(gateway, anew('product(id: "none") { id }'));
}

/** Takes everything out, and waits until the other gateway has heard it. */
async function forget(): Promise<void> {
  await invalidate(one, { kind: 'all' });
  await until('the other to hear', async () => (await other.cache()).l1.entries === 0);
}

const isMadeOfEntities = async (gateway: CachingGateway, selection: string): Promise<boolean> =>
  (await ask(gateway, anew(selection))).headers.get('cache-status')?.includes('hit; detail=entities') ?? false;

const isWhole = async (gateway: CachingGateway, query: string): Promise<boolean> =>
  (await ask(gateway, query)).headers.get('cache-status')?.startsWith('gatehouse; hit; ttl') ?? false;

test('another gateway hears of it at once', async () => {
  const query = '{ product(id: "5") { id price stock } }';
  await until('both to have it', async () => (await isWhole(one, query)) && isWhole(other, query));
  const [price, stock] = [1005, 2005];
  federation.prices.set('5', price);
  federation.stocks.set('5', stock);
  expect((await invalidateProduct('5')).status).toBe(200);
  expect((await ask(one, query)).body.data).toEqual({ product: { id: '5', price, stock } });
  await until('it to hear', async () => (await ask(other, query)).body.data?.product.stock === stock, LAG_MS);
  expect((await ask(other, anew('product(id: "5") { price stock }'))).body.data).toEqual({ product: { price, stock } });
});

test('what subgraphs had read before it was invalidated is not kept by any gateway', async () => {
  await forget();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const query = '{ product(id: "6") { id price stock } }';
  let reads = 0;
  federation.delay((when, id) => {
    if (when === 'before' || id !== '6') return undefined;
    reads++;
    return answered;
  });
  try {
    const before = federation.prices.get('6');
    const early = [one, other].map((gateway) => ask(gateway, query));
    await until('a subgraph to have read it', () => reads > 0);
    federation.prices.set('6', 1006);
    expect((await invalidateProduct('6')).status).toBe(200);
    answer();
    // They began before.
    for (const { body } of await Promise.all(early)) expect([before, 1006]).toContain(body.data?.product.price);
  } finally {
    answer();
    federation.delay(undefined);
  }
  for (const gateway of [one, other]) {
    await settled(gateway);
    for (const again of [query, anew('product(id: "6") { id price }')]) {
      expect((await ask(gateway, again)).body.data?.product.price).toBe(1006);
    }
  }
});

test('a gateway that has not heard of an invalidation yet gives what is new wherever it asks Redis', async () => {
  await forget();
  await until('Redis to have it', () => isMadeOfEntities(one, 'product(id: "1") { price stock }'));
  relay.hold();
  try {
    federation.stocks.set('1', 1001);
    federation.prices.set('1', 1001);
    expect((await invalidateProduct('1')).status).toBe(200);
    for (const query of ['{ product(id: "1") { price stock } }', anew('product(id: "1") { stock price }')]) {
      expect((await ask(other, query)).body.data).toEqual({ product: { price: 1001, stock: 1001 } });
    }
  } finally {
    relay.hear();
  }
});

test('what it still has of entities, not having heard, does not become part of what others are given', async () => {
  await forget();
  await until('it to have the entity', () => isMadeOfEntities(other, 'product(id: "2") { stock }'));
  const query = anew('product(id: "2") { stock }');
  relay.hold();
  try {
    federation.stocks.set('2', 1002);
    expect((await invalidateProduct('2')).status).toBe(200);
    await ask(other, query);
    await settled(other);
    expect((await ask(one, query)).body.data?.product.stock).toBe(1002);
  } finally {
    relay.hear();
  }
  await until('it to hear', async () => (await ask(other, query)).body.data?.product.stock === 1002);
});

test.each(['hold', 'deafen'] as const)(
  'nor does what was on its way to it when others were told: %s',
  async (silence) => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const query = anew('product(id: "3") { price }');
    await forget();
    relay[silence]();
    try {
      if (silence === 'deafen') {
        await until('it to know', async () => (await other.cache()).l2 === 'cut');
        // It has heard that it may have missed something, once for all that may come.
        await settled(other);
      }
      let reads = 0;
      federation.delay((when, id) => {
        if (when === 'before' || id !== '3') return undefined;
        reads++;
        return answered;
      });
      const early = ask(other, anew('product(id: "3") { price }'));
      await until('the subgraph to have read it', () => reads > 0);
      const version = (federation.prices.get('3') ?? 0) + 1;
      federation.prices.set('3', version);
      expect((await invalidateProduct('3')).status).toBe(200);
      const late = ask(other, query);
      await settled(other);
      answer();
      await Promise.all([early, late]);
      await settled(other);
      expect((await ask(one, query)).body.data?.product.price).toBe(version);
    } finally {
      answer();
      federation.delay(undefined);
      relay.hear();
    }
    await linked([one, other]);
  },
);

test('a gateway that was cut off while others were told gives nothing of before when it hears again', async () => {
  const query = '{ product(id: "7") { id price } }';
  await until('both to have it', async () => (await isWhole(one, query)) && isWhole(other, query));
  relay.deafen();
  try {
    await until('it to know', async () => (await other.cache()).l2 === 'cut');
    federation.prices.set('7', 1007);
    expect((await invalidateProduct('7')).status).toBe(200);
  } finally {
    relay.hear();
  }
  await linked([one, other]);
  expect((await ask(other, query)).body.data?.product.price).toBe(1007);
});
