import { describe, expect, test } from 'vitest';
import type { SubgraphName } from '../../subgraphs/index.ts';
import { ask, codesOf, dataOf } from './ask.ts';
import { runDemoSubgraphs } from './running.ts';

const urlOf = runDemoSubgraphs();

describe('a mutation changes what queries answer', () => {
  test('updateUser, and a field left out keeps its value', async () => {
    const user = (): Promise<unknown> => dataOf(ask(urlOf('accounts'), '{ user(id: "1") { username name email } }'));
    const before = await user();
    await dataOf(
      ask(urlOf('accounts'), 'mutation { updateUser(id: "1", input: { name: "Ada Berg", email: null }) { id } }'),
    );
    expect(await user()).toEqual({ user: { ...(before as { user: object }).user, name: 'Ada Berg' } });
    const { _entities } = await dataOf(
      ask<{ _entities: unknown }>(
        urlOf('accounts'),
        'query ($by: [_Any!]!) { _entities(representations: $by) { ... on User { name } } }',
        { by: [{ __typename: 'User', username: 'bruno.berg.1' }] },
      ),
    );
    expect(_entities).toEqual([{ name: 'Ada Berg' }]);
  });

  test('updateProduct', async () => {
    const answer = await dataOf(
      ask(
        urlOf('products'),
        'mutation { updateProduct(upc: "2", input: { name: "Red Kite", price: 1234 }) { name price } }',
      ),
    );
    expect(answer).toEqual({ updateProduct: { name: 'Red Kite', price: 1234 } });
    expect(
      await dataOf(ask(urlOf('products'), '{ product(upc: "2") { name price } search(text: "red kite") { upc } }')),
    ).toEqual({ product: { name: 'Red Kite', price: 1234 }, search: [{ upc: '2' }] });
  });

  test('setStock', async () => {
    const set = (quantity: number): Promise<unknown> =>
      dataOf(ask(urlOf('inventory'), `mutation { setStock(upc: "3", quantity: ${quantity}) { stock inStock } }`));
    expect(await set(7)).toEqual({ setStock: { stock: 7, inStock: true } });
    expect(await set(0)).toEqual({ setStock: { stock: 0, inStock: false } });
    expect(await dataOf(ask(urlOf('inventory'), '{ lowStock(first: 1) { upc stock } }'))).toEqual({
      lowStock: [{ upc: '3', stock: 0 }],
    });
  });

  test('createReview', async () => {
    const { createReview } = await dataOf(
      ask<{ createReview: { id: string } }>(
        urlOf('reviews'),
        `mutation { createReview(input: { upc: "4", authorId: "5", rating: 1, body: "Too small." }) {
          id body author { id } product { upc averageRating reviews(first: 1) { id } }
        } }`,
      ),
    );
    expect(createReview).toMatchObject({ body: 'Too small.', author: { id: '5' }, product: { upc: '4' } });
    expect(createReview).toMatchObject({ product: { reviews: [{ id: createReview.id }] } });
    expect(
      await dataOf(ask(urlOf('reviews'), '{ latestReviews(first: 1) { id author { reviews(first: 1) { id } } } }')),
    ).toEqual({ latestReviews: [{ id: createReview.id, author: { reviews: [{ id: createReview.id }] } }] });
  });
});

const review = (input: string): string => `createReview(input: { ${input} }) { id }`;
const longText = `"${'a'.repeat(2_001)}"`;

describe('what is not there is NOT_FOUND', () => {
  test.each<[SubgraphName, mutation: string]>([
    ['accounts', 'updateUser(id: "0", input: {}) { id }'],
    ['products', 'updateProduct(upc: "0", input: {}) { upc }'],
    ['inventory', 'setStock(upc: "0", quantity: 1) { upc }'],
    ['reviews', review('upc: "0", authorId: "1", rating: 1, body: "b"')],
    ['reviews', review('upc: "1", authorId: "0", rating: 1, body: "b"')],
  ])('%s: %s', async (name, mutation) => {
    expect(await codesOf(ask(urlOf(name), `mutation { ${mutation} }`))).toEqual(['NOT_FOUND']);
  });
});

describe('what is out of bounds is BAD_USER_INPUT', () => {
  test.each<[SubgraphName, mutation: string]>([
    ['accounts', 'updateUser(id: "1", input: { name: "" }) { id }'],
    ['accounts', 'updateUser(id: "1", input: { email: "nowhere" }) { id }'],
    ['products', 'updateProduct(upc: "1", input: { name: " " }) { upc }'],
    ['products', `updateProduct(upc: "1", input: { description: ${longText} }) { upc }`],
    ['products', 'updateProduct(upc: "1", input: { price: -1 }) { upc }'],
    ['products', 'updateProduct(upc: "1", input: { weight: 0 }) { upc }'],
    ['inventory', 'setStock(upc: "1", quantity: -1) { upc }'],
    ['reviews', review('upc: "1", authorId: "1", rating: 6, body: "b"')],
    ['reviews', review(`upc: "1", authorId: "1", rating: 1, body: ${longText}`)],
  ])('%s: %s', async (name, mutation) => {
    expect(await codesOf(ask(urlOf(name), `mutation { ${mutation} }`))).toEqual(['BAD_USER_INPUT']);
  });
});
