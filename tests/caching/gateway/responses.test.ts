import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestGateway } from '../../harness/gateway.ts';
import { until } from '../../harness/until.ts';
import type { CachedFederation } from './cached-federation.ts';
import { startCachedGateway, type CachedGateway } from './cached-gateway.ts';
import { ask } from './ask.ts';

let running: CachedGateway;
let gateway: TestGateway;
let federation: CachedFederation;
beforeAll(async () => {
  running = await startCachedGateway();
  ({ gateway, federation } = running);
}, 60_000);
afterAll(() => running?.[Symbol.asyncDispose]());

const PRODUCT = 'query ($id: ID!) { product(id: $id) { id name price stock } }';

test('a query is answered from the cache the second time, and says so', async () => {
  const before = federation.calls();
  const first = await ask(gateway, PRODUCT, { id: '1' });
  expect(first.body).toEqual({ data: { product: { id: '1', name: 'Product 1', price: 10, stock: 1 } } });
  expect(first.headers.get('cache-status')).toBe('gatehouse; fwd=miss; stored');
  expect(first.headers.get('cache-control')).toMatch(/^max-age=600, public$/);
  expect(first.headers.get('vary')).toBe('Authorization, X-API-Key');
  expect(federation.calls() - before).toBe(2);
  const second = await ask(gateway, PRODUCT, { id: '1' });
  expect(second.text).toBe(first.text);
  expect(second.headers.get('cache-status')).toMatch(/^gatehouse; hit; ttl=5\d\d$/);
  expect(second.headers.get('age')).toMatch(/^\d$/);
  expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
  expect(federation.calls() - before).toBe(2);
});

test('however the same is asked', async () => {
  await ask(gateway, PRODUCT, { id: '2' });
  const before = federation.calls();
  for (const same of [
    '{ product(id: "2") { ...All } } fragment All on Product { id name price stock }',
    '# again\n{ product(id:"2"){id name ... on Product { price stock }} }',
  ]) {
    expect((await ask(gateway, same)).headers.get('cache-status')).toContain('hit');
  }
  expect(federation.calls()).toBe(before);
  const other = await ask(gateway, PRODUCT.replace('query', 'query Named'), { id: '2' });
  expect(other.headers.get('cache-status')).toBe('gatehouse; hit; detail=entities; stored');
});

test('a client that has the answer already is not sent it again', async () => {
  const first = await ask(gateway, PRODUCT, { id: '3' });
  const etag = first.headers.get('etag') ?? '';
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const again = await ask(gateway, PRODUCT, { id: '3' }, { 'if-none-match': known });
    expect(again.status).toBe(304);
    expect(again.text).toBe('');
    expect(again.headers.get('etag')).toBe(etag);
    expect(again.headers.get('cache-control')).toBe(first.headers.get('cache-control'));
  }
  expect((await ask(gateway, PRODUCT, { id: '3' }, { 'if-none-match': '"other"' })).status).toBe(200);
  expect((await ask(gateway, PRODUCT, { id: '4' }, { 'if-none-match': etag })).status).toBe(200);
});

describe('a client says what it wants of the cache', () => {
  test('no-cache gets what is new, and leaves it for others', async () => {
    await ask(gateway, PRODUCT, { id: '5' });
    federation.prices.set('5', 55);
    expect((await ask(gateway, PRODUCT, { id: '5' })).body.data?.product.price).toBe(50);
    const fresh = await ask(gateway, PRODUCT, { id: '5' }, { 'cache-control': 'no-cache' });
    expect(fresh.body.data?.product.price).toBe(55);
    await until(
      'others to get it',
      async () => (await ask(gateway, PRODUCT, { id: '5' })).body.data?.product.price === 55,
    );
  });

  test('no-store gets what is new, and leaves nothing', async () => {
    await ask(gateway, PRODUCT, { id: '6' });
    federation.prices.set('6', 66);
    const fresh = await ask(gateway, PRODUCT, { id: '6' }, { 'cache-control': 'no-store' });
    expect(fresh.body.data?.product.price).toBe(66);
    expect(fresh.headers.get('cache-status')).toBe('gatehouse; fwd=bypass');
    expect((await ask(gateway, PRODUCT, { id: '6' })).body.data?.product.price).toBe(60);
  });
});

test('on a WebSocket too, whatever its upgrade said', async () => {
  const client = createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: class extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol, { headers: { 'cache-control': 'no-cache' } });
      }
    },
  });
  const query = '{ product(id: "10") { name price stock } }';
  const once = async (): Promise<unknown> => (await client.iterate({ query }).next()).value;
  const first = await once();
  const before = federation.calls();
  expect(await once()).toEqual(first);
  expect((await ask(gateway, query)).body).toEqual(first);
  expect(federation.calls()).toBe(before);
  await client.dispose();
});

describe('never kept:', () => {
  async function asksTwice(query: string, variables = {}): Promise<number> {
    const before = federation.calls();
    for (let i = 0; i < 2; i++) {
      const { headers } = await ask(gateway, query, variables);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('etag')).toBeNull();
    }
    return federation.calls() - before;
  }

  test('what nobody said may be kept', async () => {
    expect(await asksTwice('{ now }')).toBe(2);
    expect(await asksTwice('{ product(id: "7") { name } now }')).toBe(2);
  });

  test('what is for its caller alone, where nobody knows who that is', async () => {
    expect(await asksTwice('{ me { name } }')).toBe(2);
  });

  test('mutations', async () => {
    expect(await asksTwice('mutation { setPriceSilently(id: "7", price: 70) }')).toBe(2);
  });

  test('a response with an error; what there is of it in parts is', async () => {
    federation.stock.break((_, response) => response.writeHead(500).end());
    try {
      const { body } = await ask(gateway, PRODUCT, { id: '8' });
      expect(body.errors).toHaveLength(1);
    } finally {
      federation.stock.break(undefined);
    }
    await until('the subgraph to be asked again', async () => {
      const { body } = await ask(gateway, PRODUCT, { id: '8' });
      return body.data?.product.stock === 8 && !body.errors;
    });
  });
});

describe('after a mutation through the gateway, its caller and all others find what is new:', () => {
  test.each([
    ['the entity that it answers with', 'mutation { setPrice(id: "9", price: 901) { id price } }', 901],
    [
      'the entity that it answers with, whatever is asked of it',
      'mutation { setPrice(id: "9", price: 902) { name } }',
      902,
    ],
    ['the entity that @cacheInvalidate names', 'mutation { setPriceOnly(id: "9", price: 903) }', 903],
    ['the tag that @cacheInvalidate names', 'mutation { setPriceTagged(id: "9", price: 904) }', 904],
  ])('%s', async (_, mutation, price) => {
    await ask(gateway, PRODUCT, { id: '9' });
    await ask(gateway, '{ products(first: 9) { name price } }');
    await ask(gateway, mutation);
    expect((await ask(gateway, PRODUCT, { id: '9' })).body.data?.product.price).toBe(price);
    expect((await ask(gateway, '{ products(first: 9) { name price } }')).body.data?.products[8].price).toBe(price);
  });
});
