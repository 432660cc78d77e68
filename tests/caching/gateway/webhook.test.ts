import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Invalidation } from '../../../plugins/caching/index.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { redisCli } from '../../redis/redis-cli.ts';
import { ask } from './ask.ts';
import { cached, startCachedFederation, type CachedFederation } from './cached-federation.ts';
import { deliver, invalidate, startCachingGateway, type CachingGateway } from './caching-gateway.ts';

let federation: CachedFederation;
let shops: TestSubgraph;
let redis: RedisServer;
let one: CachingGateway;
let other: CachingGateway;
beforeAll(async () => {
  const sdl = cached(`
    type Query { shop(id: ID!): Shop }
    type Shop @key(fields: "id") @cacheControl(maxAge: 600) { id: ID! town: String }
  `);
  const town = (_: unknown, { id }: { id: string }) => ({ id, town: `Town ${id}` });
  [federation, shops, redis] = await Promise.all([
    startCachedFederation(),
    startSubgraph('shops', sdl, { Query: { shop: town } }),
    startRedis(),
  ]);
  const subgraphs = [...federation.all, shops];
  [one, other] = await Promise.all([
    startCachingGateway(redis.url, subgraphs),
    startCachingGateway(redis.url, subgraphs),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([one, other].map((gateway) => gateway?.[Symbol.asyncDispose]()));
  await redis?.close();
  await shops?.[Symbol.asyncDispose]();
  await federation?.[Symbol.asyncDispose]();
});

/**
 * What there is: each a whole response, with its root field in `products` or `shops`; those of stocks have an entity of
 * `stock` too.
 */
const QUERIES = {
  price1: '{ product(id: "1") { id price } }',
  stock1: '{ product(id: "1") { id stock } }',
  stock2: '{ product(id: "2") { id stock } }',
  shop1: '{ shop(id: "1") { id town } }',
  shop2: '{ shop(id: "2") { id town } }',
} as const;
type Name = keyof typeof QUERIES;
const NAMES = Object.keys(QUERIES) as readonly Name[];
const ENTRIES = 5 + 5 + 2;

async function entries(): Promise<number> {
  return Number(await redisCli(redis.port, 'ZCARD', '{gatehouse:cache:1}:entries'));
}

/** Puts that, and nothing else, in both tiers of both gateways. */
async function fill(): Promise<void> {
  await invalidate(one, { kind: 'all' });
  await until('all of it to be kept', async () => {
    for (const gateway of [one, other]) for (const query of Object.values(QUERIES)) await ask(gateway, query);
    return (await entries()) === ENTRIES;
  });
  await until('both to have it', async () => (await missed(one)).length + (await missed(other)).length === 0);
}

/** What the gateway does not have as a whole any more. */
async function missed(gateway: CachingGateway): Promise<readonly Name[]> {
  const misses: Name[] = [];
  for (const name of NAMES) {
    const { headers } = await ask(gateway, QUERIES[name]);
    if (!headers.get('cache-status')?.startsWith('gatehouse; hit; ttl')) misses.push(name);
  }
  return misses;
}

describe('what a delivery names is gone when it is answered, and nothing else:', () => {
  beforeEach(fill);

  const ofProducts: readonly Name[] = ['price1', 'stock1', 'stock2'];
  test.each<readonly [Invalidation, number, readonly Name[]]>([
    // Two responses, their root fields, and the stock.
    [{ kind: 'entity', type: 'Product', key: { id: '1' } }, 5, ['price1', 'stock1']],
    [{ kind: 'entity', type: 'Product', key: { id: 'none' } }, 0, []],
    [{ kind: 'entity', type: 'Shop', key: { id: '1' } }, 2, ['shop1']],
    [{ kind: 'type', type: 'Product' }, 8, ofProducts],
    [{ kind: 'type', type: 'Shop' }, 4, ['shop1', 'shop2']],
    // Responses, and what the subgraph has said in them.
    [{ kind: 'subgraph', subgraph: 'stock' }, 4, ['stock1', 'stock2']],
    [{ kind: 'subgraph', subgraph: 'shops' }, 4, ['shop1', 'shop2']],
    [{ kind: 'subgraph', subgraph: 'none' }, 0, []],
    [{ kind: 'tag', tag: 'product-2' }, 3, ['stock2']],
    [{ kind: 'tag', tag: 'none' }, 0, []],
    [{ kind: 'all' }, ENTRIES, NAMES],
  ])('%j', async (invalidation, count, gone) => {
    expect(await invalidate(one, invalidation)).toEqual({ status: 200, body: { invalidated: count } });
    expect(await entries()).toBe(ENTRIES - count);
    const { l1 } = await one.cache();
    expect(await missed(one)).toEqual(gone);
    expect(l1.entries).toBeLessThanOrEqual(ENTRIES - count);
    // They are kept again.
    await until('it to be kept again', async () => (await missed(one)).length === 0);
  });

  test('several at once, each counted once', async () => {
    const answer = await invalidate(
      one,
      { kind: 'entity', type: 'Product', key: { id: '2' } },
      { kind: 'tag', tag: 'product-2' },
      { kind: 'entity', type: 'Shop', key: { id: '2' } },
    );
    expect(answer).toEqual({ status: 200, body: { invalidated: 5 } });
    expect(await missed(one)).toEqual(['stock2', 'shop2']);
  });

  test('with it what does not show which entity it is of, as it may be this one', async () => {
    const unknown = '{ product(id: "1") { stock } }';
    await until('it to be kept', async () => {
      const { headers } = await ask(one, unknown);
      return headers.get('cache-status')?.startsWith('gatehouse; hit; ttl');
    });
    await invalidate(one, { kind: 'entity', type: 'Product', key: { id: '2' } });
    expect((await ask(one, unknown)).headers.get('cache-status')).not.toContain('hit; ttl');
    expect(await missed(one)).toEqual(['stock2']);
  });

  test('at the gateway that did not receive it, as soon as it hears', async () => {
    federation.stocks.set('1', 71);
    federation.stocks.set('2', 72);
    await invalidate(one, { kind: 'entity', type: 'Product', key: { id: '1' } });
    await until('it to hear', async () => (await ask(other, QUERIES.stock1)).body.data?.product.stock === 71);
    // Nobody was told of this one.
    expect((await ask(other, QUERIES.stock2)).body.data?.product.stock).not.toBe(72);
    await until('it to be kept again', async () => (await missed(other)).length === 0);
    expect((await ask(other, QUERIES.stock1)).body.data?.product.stock).toBe(71);
  });
});

describe('refused, and nothing is invalidated:', () => {
  const body = JSON.stringify({ invalidate: [{ kind: 'all' }] });
  beforeAll(fill);

  async function expectRefused(answer: ReturnType<typeof deliver>, status: number): Promise<void> {
    expect(await answer).toEqual({ status, body: { error: expect.any(String) } });
    expect(await entries()).toBe(ENTRIES);
    for (const gateway of [one, other]) expect((await gateway.cache()).l1.entries).toBeGreaterThanOrEqual(NAMES.length);
  }

  test('what is signed with another secret, or too long ago', async () => {
    const secret = `whsec_${Buffer.alloc(32, 'another secret').toString('base64')}`;
    await expectRefused(deliver(one, { body, secret }), 401);
    await expectRefused(deliver(one, { body, at: new Date(Date.now() - 6 * 60_000) }), 401);
  });

  test('what is not signed', async () => {
    const response = await fetch(`${one.url}/webhooks/cache`, { method: 'POST', body });
    await expectRefused(Promise.resolve({ status: response.status, body: await response.json() }), 401);
  });

  test('what came before, to whichever gateway', async () => {
    const id = 'msg_replayed';
    expect((await deliver(one, { body, id })).status).toBe(200);
    await fill();
    for (const gateway of [one, other]) await expectRefused(deliver(gateway, { body, id }), 401);
  });

  test.each([
    'no JSON',
    '[]',
    '{}',
    '{"invalidate":[]}',
    '{"invalidate":{"kind":"all"}}',
    '{"invalidate":[{"kind":"everything"}]}',
    '{"invalidate":[{"kind":"entity","type":"Product"}]}',
    '{"invalidate":[{"kind":"entity","type":"Product","key":{}}]}',
    '{"invalidate":[{"kind":"entity","type":"Product","key":"1"}]}',
    '{"invalidate":[{"kind":"type","type":""}]}',
    '{"invalidate":[{"kind":"subgraph"}]}',
    '{"invalidate":[{"kind":"tag","tag":1}]}',
    // One that is right does not go before one that is not.
    '{"invalidate":[{"kind":"all"},{"kind":"type"}]}',
  ])('%s', async (wrong) => {
    await expectRefused(deliver(one, { body: wrong }), 400);
  });

  test('more than a thousand at once', async () => {
    const many = JSON.stringify({ invalidate: Array.from({ length: 1001 }, () => ({ kind: 'all' })) });
    await expectRefused(deliver(one, { body: many }), 400);
  });
});
