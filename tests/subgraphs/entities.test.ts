import { afterEach, describe, expect, test, vi } from 'vitest';
import { accounts } from '../../subgraphs/accounts/index.ts';
import { createRows as createAccounts } from '../../subgraphs/accounts/rows.ts';
import { productUpcs, userIds, usernameOf, warehouseKeys } from '../../subgraphs/facts.ts';
import { inventory } from '../../subgraphs/inventory/index.ts';
import { createRows as createInventory } from '../../subgraphs/inventory/rows.ts';
import { products } from '../../subgraphs/products/index.ts';
import { createRows as createProducts } from '../../subgraphs/products/rows.ts';
import { reviews } from '../../subgraphs/reviews/index.ts';
import { createRows as createReviews } from '../../subgraphs/reviews/rows.ts';
import type { RunningSubgraph, Subgraph } from '../../subgraphs/server/index.ts';
import { serve } from '../../subgraphs/server/index.ts';
import { ask, dataOf } from './ask.ts';

interface Representation {
  readonly __typename: string;
  readonly [field: string]: unknown;
}

const running: RunningSubgraph[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((subgraph) => subgraph.close()));
});

async function entities(
  subgraph: Subgraph,
  representations: readonly Representation[],
  selection: string,
): Promise<unknown[]> {
  const served = await serve(subgraph, { port: 0 });
  running.push(served);
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }`;
  return (await dataOf(ask<{ _entities: unknown[] }>(served.url, query, { representations })))._entities;
}

const upcs = productUpcs.slice(0, 200);
const ids = userIds.slice(0, 200);

describe('200 representations are one batch read of the table', () => {
  test('accounts, by id', async () => {
    const rows = createAccounts();
    const read = vi.spyOn(rows, 'usersById');
    const found = await entities(
      accounts(rows),
      ids.map((id) => ({ __typename: 'User', id })),
      '... on User { id }',
    );
    expect(found).toEqual(ids.map((id) => ({ id })));
    expect(read).toHaveBeenCalledOnce();
  });

  test('accounts, by username', async () => {
    const rows = createAccounts();
    const read = vi.spyOn(rows, 'usersByUsername');
    const found = await entities(
      accounts(rows),
      ids.map((id) => ({ __typename: 'User', username: usernameOf(id) })),
      '... on User { id }',
    );
    expect(found).toEqual(ids.map((id) => ({ id })));
    expect(read).toHaveBeenCalledOnce();
  });

  test('products, by upc, with the brands in one more', async () => {
    const rows = createProducts();
    const reads = [vi.spyOn(rows, 'productsByUpc'), vi.spyOn(rows, 'brandsById')];
    const found = await entities(
      products(rows),
      upcs.map((upc) => ({ __typename: 'Product', upc })),
      '... on Product { upc brand { name } }',
    );
    expect(found).toHaveLength(200);
    expect(found[6]).toEqual({ upc: '7', brand: { name: expect.any(String) } });
    for (const read of reads) expect(read).toHaveBeenCalledOnce();
  });

  test('products, by sku and brand', async () => {
    const rows = createProducts();
    const keys = rows.productsByUpc(upcs).map((row) => ({ sku: row?.sku, brand: { id: row?.brandId } }));
    const read = vi.spyOn(rows, 'productsBySku');
    const found = await entities(
      products(rows),
      keys.map((key) => ({ __typename: 'Product', ...key })),
      '... on Product { upc }',
    );
    expect(found).toEqual(upcs.map((upc) => ({ upc })));
    expect(read).toHaveBeenCalledOnce();
  });

  test('inventory, by upc', async () => {
    const rows = createInventory();
    const read = vi.spyOn(rows, 'productsByUpc');
    const found = await entities(
      inventory(rows),
      upcs.map((upc) => ({ __typename: 'Product', upc, price: 500, weight: 1_000 })),
      '... on Product { upc shippingEstimate }',
    );
    expect(found).toEqual(upcs.map((upc) => ({ upc, shippingEstimate: 399 })));
    expect(read).toHaveBeenCalledOnce();
  });

  test('reviews, the lists and averages of products', async () => {
    const rows = createReviews();
    const read = vi.spyOn(rows, 'reviewsByProduct');
    const found = await entities(
      reviews(rows),
      upcs.map((upc) => ({ __typename: 'Product', upc })),
      '... on Product { upc averageRating reviews(first: 2) { id } }',
    );
    expect(found).toHaveLength(200);
    expect(read).toHaveBeenCalledOnce();
  });

  test('reviews, the lists of users', async () => {
    const rows = createReviews();
    const read = vi.spyOn(rows, 'reviewsByAuthor');
    await entities(
      reviews(rows),
      ids.map((id) => ({ __typename: 'User', id })),
      '... on User { id reviews(first: 2) { id } }',
    );
    expect(read).toHaveBeenCalledOnce();
  });
});

test('a warehouse is found by country and code together', async () => {
  const found = await entities(
    inventory(),
    warehouseKeys.map((key) => ({ __typename: 'Warehouse', ...key })),
    '... on Warehouse { country code }',
  );
  expect(found).toEqual(warehouseKeys);
});

describe('an entity that is not there is null and the others are answered', () => {
  test.each([
    ['accounts', accounts, 'User', { id: '1' }, { id: '1001' }],
    ['accounts', accounts, 'User', { username: usernameOf('1') }, { username: 'nobody' }],
    ['products', products, 'Product', { upc: '1' }, { upc: '1001' }],
    ['products', products, 'Product', { sku: 'A-001', brand: { id: 'brand-1' } }, { sku: 'A-001', brand: { id: '?' } }],
    ['products', products, 'GiftCard', { upc: 'gift-1' }, { upc: 'gift-0' }],
    ['products', products, 'Brand', { id: 'brand-1' }, { id: 'brand-0' }],
    ['inventory', inventory, 'Product', { upc: '1' }, { upc: '1001' }],
    ['inventory', inventory, 'GiftCard', { upc: 'gift-1' }, { upc: 'gift-0' }],
    ['inventory', inventory, 'Warehouse', { country: 'DE', code: 'BER' }, { country: 'FR', code: 'BER' }],
    ['reviews', reviews, 'Review', { id: '1' }, { id: '0' }],
    ['reviews', reviews, 'Product', { upc: '1' }, { upc: '1001' }],
    ['reviews', reviews, 'User', { id: '1' }, { id: '1001' }],
  ] as const)('%s: %#', async (_, subgraph, __typename, known, unknown) => {
    const found = await entities(
      subgraph(),
      [
        { __typename, ...unknown },
        { __typename, ...known },
      ],
      '__typename',
    );
    expect(found).toEqual([null, { __typename }]);
  });
});
