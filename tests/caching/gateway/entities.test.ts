import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('who asks after a mutation does not get the answer to a call from before it', async () => {
  const query = '{ product(id: "9") { stock } }';
  const held = Promise.withResolvers<void>();
  let answers = 0;
  // The product first, and then its stock.
  federation.delay((when) => (when === 'after' && ++answers === 2 ? held.promise : undefined));
  // Subgraphs get the id of a request: only calls with the same one are equal.
  const headers = { 'x-request-id': 'same' };
  const before = ask(gateway, query, {}, headers);
  await until('the call to be under way', () => answers === 2);
  federation.delay(undefined);
  federation.stocks.set('9', 90);
  await ask(gateway, 'mutation { setPriceOnly(id: "9", price: 1) }');
  // Another answer, for which the subgraph is asked the same.
  const after = await ask(gateway, '{ product(id: "9") { stock price } }', {}, headers);
  expect(after.body.data?.product.stock).toBe(90);
  held.resolve();
  expect((await before).body.data?.product.stock).toBe(9);
  for (const text of [query, '{ product(id: "9") { stock name } }', '{ product(id: "9") { stock price } }']) {
    expect((await ask(gateway, text)).body.data?.product.stock).toBe(90);
  }
});
