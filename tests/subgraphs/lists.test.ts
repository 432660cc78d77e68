import { assert, asyncProperty, integer } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SubgraphName } from '../../subgraphs/index.ts';
import { ask, codesOf, dataOf } from './ask.ts';
import { runDemoSubgraphs } from './running.ts';

const urlOf = runDemoSubgraphs();
const MAX_FIRST = 500;

const rootLists: readonly [SubgraphName, field: string, selection: string][] = [
  ['accounts', 'users', 'id'],
  ['products', 'products', 'upc'],
  ['products', 'featured', '__typename'],
  ['inventory', 'lowStock', 'upc'],
  ['reviews', 'latestReviews', 'id'],
  ['reviews', 'topProducts', 'upc'],
];

describe.each(rootLists)('%s: %s', (name, field, selection) => {
  const list = async (first?: number | null): Promise<unknown[]> => {
    const argument = first === undefined ? '' : `(first: ${first})`;
    const data = await dataOf(ask<Record<string, unknown[]>>(urlOf(name), `{ ${field}${argument} { ${selection} } }`));
    return data[field] ?? [];
  };

  test('answers as many entries as asked for, 500 at the most, and the shorter list begins the longer one', async () => {
    const longest = await list(MAX_FIRST);
    expect(longest).toHaveLength(MAX_FIRST);
    await assert(
      asyncProperty(integer({ min: 0, max: 2 * MAX_FIRST }), async (first) => {
        expect(await list(first)).toEqual(longest.slice(0, first));
      }),
      { numRuns: 10, examples: [[0], [MAX_FIRST], [MAX_FIRST + 1]] },
    );
  });

  test('has a default length', async () => {
    const length = field === 'lowStock' ? 10 : 20;
    expect(await list()).toHaveLength(length);
    expect(await list(null)).toHaveLength(length);
  });

  test('refuses a negative length', async () => {
    expect(await codesOf(ask(urlOf(name), `{ ${field}(first: -1) { ${selection} } }`))).toEqual(['BAD_USER_INPUT']);
  });
});

const nestedLists: readonly [SubgraphName, query: (first: number) => string][] = [
  ['accounts', (first) => `{ users(first: 50) { list: wishlist(first: ${first}) { upc } } }`],
  ['products', (first) => `{ products(first: 5) { brand { list: products(first: ${first}) { upc } } } }`],
  ['reviews', (first) => `{ topProducts(first: 50) { list: reviews(first: ${first}) { id } } }`],
  ['reviews', (first) => `{ latestReviews(first: 50) { author { list: reviews(first: ${first}) { id } } } }`],
];

test.each(nestedLists)('%s: a list of an entity honours first: %s', async (name, query) => {
  const lengths = async (first: number): Promise<number[]> =>
    [...JSON.stringify(await dataOf(ask(urlOf(name), query(first)))).matchAll(/"list":(\[[^\]]*\])/g)].map(
      ([, list]) => (JSON.parse(list ?? '') as unknown[]).length,
    );
  const all = await lengths(MAX_FIRST);
  expect(Math.max(...all)).toBeGreaterThan(2);
  expect(await lengths(2)).toEqual(all.map((length) => Math.min(length, 2)));
  expect(await lengths(0)).toEqual(all.map(() => 0));
  expect(new Set(await codesOf(ask(urlOf(name), query(-1))))).toEqual(new Set(['BAD_USER_INPUT']));
});

describe('search', () => {
  const search = (text: string, first = 500): ReturnType<typeof ask<{ search: { upc: string; name: string }[] }>> =>
    ask(urlOf('products'), 'query ($text: String!, $first: Int) { search(text: $text, first: $first) { upc name } }', {
      text,
      first,
    });

  test('finds products and gift cards, in whatever case', async () => {
    const { search: found } = await dataOf(search('GIFT card'));
    expect(found).toHaveLength(12);
    const { search: oak } = await dataOf(search('oak'));
    expect(oak.length).toBeGreaterThan(12);
    for (const { name } of oak) expect(name.toLowerCase()).toContain('oak');
    expect(await dataOf(search('oak', 3))).toEqual({ search: oak.slice(0, 3) });
  });

  test.each(['', ' ', 'a'.repeat(101)])('refuses a text without 1 to 100 characters: %j', async (text) => {
    expect(await codesOf(search(text))).toEqual(['BAD_USER_INPUT']);
  });
});
