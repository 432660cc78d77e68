import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { assert, integer, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRows as createAccounts } from '../../subgraphs/accounts/rows.ts';
import { giftCardUpcs, productUpcs, userIds, usernameOf } from '../../subgraphs/facts.ts';
import { createRows as createProducts } from '../../subgraphs/products/rows.ts';
import {
  averageRating,
  createRows as createReviews,
  MAX_REVIEWS,
  SEED_REVIEW_COUNT,
} from '../../subgraphs/reviews/rows.ts';
import { seededRandom } from '../../subgraphs/server/random.ts';

const PRINT_DIGEST = `
  const { createHash } = await import('node:crypto');
  const rows = async (name) => (await import(new URL(name + '/rows.ts', process.env.SUBGRAPHS))).createRows();
  const [accounts, products, inventory, reviews] = await Promise.all(['accounts', 'products', 'inventory', 'reviews'].map(rows));
  const all = [accounts.users(1000), products.featured(1040), products.search('gift', 20), inventory.lowStock(1012), reviews.latestReviews(3000)];
  console.log(all.map((list) => list.length).join(), createHash('sha256').update(JSON.stringify(all)).digest('hex'));
`;

test('every process starts with the same 1000 users, 1000 products, 40 brands, 12 gift cards and 3000 reviews', async () => {
  const digest = async (): Promise<string> => {
    const env = { ...process.env, SUBGRAPHS: new URL('../../subgraphs/', import.meta.url).href };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PRINT_DIGEST], {
      env,
    });
    return stdout;
  };
  const [one, other] = await Promise.all([digest(), digest()]);
  expect(one).toMatch(/^1000,1040,12,1012,3000 [0-9a-f]{64}\n$/);
  expect(other).toBe(one);
});

describe('keys', () => {
  test('usernames are unique', () => {
    expect(new Set(userIds.map(usernameOf)).size).toBe(1_000);
  });

  test('a sku names a product within its brand, and only there', () => {
    const products = createProducts().products(1_000);
    expect(new Set(products.map(({ sku, brandId }) => `${sku} ${brandId}`)).size).toBe(1_000);
    expect(new Set(products.map(({ sku }) => sku)).size).toBe(25);
  });

  test('upcs of products and gift cards do not meet', () => {
    expect(new Set([...productUpcs, ...giftCardUpcs]).size).toBe(1_012);
  });

  test('a wish is a product that is there', () => {
    const wished = createAccounts()
      .users(1_000)
      .flatMap((user) => user.wishlistUpcs);
    expect(wished.filter((upc) => !productUpcs.includes(upc))).toEqual([]);
  });
});

describe('reviews', () => {
  const added = (upc: string): Parameters<ReturnType<typeof createReviews>['createReview']>[0] => ({
    authorId: '1',
    subject: { __typename: 'Product', upc },
    rating: 5,
    body: 'Added.',
    createdAt: '2026-01-01T00:00:00.000Z',
  });

  test('the table stops growing, and the oldest added review makes room', () => {
    const rows = createReviews();
    const seeds = rows.latestReviews(SEED_REVIEW_COUNT);
    const ids = Array.from({ length: MAX_REVIEWS - SEED_REVIEW_COUNT + 2 }, () => rows.createReview(added('1')).id);
    const kept = rows.latestReviews(2 * MAX_REVIEWS);
    expect(kept).toHaveLength(MAX_REVIEWS);
    expect(kept.slice(-SEED_REVIEW_COUNT)).toEqual(seeds);
    expect(rows.reviewsById(ids.slice(0, 3)).map((row) => row?.id)).toEqual([undefined, undefined, ids[2]]);
    const [ofProduct] = rows.reviewsByProduct(['1']);
    expect(ofProduct).toEqual(kept.filter(({ subject }) => 'upc' in subject && subject.upc === '1'));
    const [ofAuthor] = rows.reviewsByAuthor(['1']);
    expect(ofAuthor).toEqual(kept.filter(({ authorId }) => authorId === '1'));
  });

  test('the best rated products come first', () => {
    const rows = createReviews();
    const averages = rows.reviewsByProduct(rows.topProducts(1_000)).map((list) => averageRating(list) ?? 0);
    expect(averages).toEqual(averages.toSorted((one, other) => other - one));
  });
});

test('seeded random numbers stay within their bounds and repeat with the seed', () => {
  const seeds = integer({ min: 1 });
  assert(
    property(seeds, integer({ min: -50, max: 50 }), nat(1_000), (seed, low, span) => {
      const draw = (): number[] => {
        const random = seededRandom(seed);
        return Array.from({ length: 20 }, () => random.integer(low, low + span));
      };
      const numbers = draw();
      expect(draw()).toEqual(numbers);
      for (const number of numbers)
        expect(number >= low && number <= low + span && Number.isInteger(number)).toBe(true);
    }),
  );
  expect(() => seededRandom(0)).toThrow('seed');
});
