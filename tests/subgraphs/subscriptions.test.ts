import type { Client } from 'graphql-ws';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { SubgraphName } from '../../subgraphs/index.ts';
import { ask, dataOf } from './ask.ts';
import { firstEvent } from './first-event.ts';
import { runDemoSubgraphs } from './running.ts';

const urlOf = runDemoSubgraphs();
const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose();
});

function subscribe(name: SubgraphName, query: string): AsyncIterableIterator<unknown> {
  const client = createClient({ url: urlOf(name).replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  clients.push(client);
  return client.iterate({ query });
}

const setStock = (quantity: number): Promise<unknown> =>
  dataOf(ask(urlOf('inventory'), `mutation { setStock(upc: "1", quantity: ${quantity}) { upc } }`));

const createReview = (upc: string): Promise<unknown> =>
  dataOf(
    ask(
      urlOf('reviews'),
      `mutation { createReview(input: { upc: "${upc}", authorId: "9", rating: 4, body: "About ${upc}." }) { id } }`,
    ),
  );

describe('over a WebSocket', () => {
  test('stockChanged tells each new count of the product', async () => {
    const events = subscribe('inventory', 'subscription { stockChanged(upc: "1") { __typename upc stock inStock } }');
    const changed = (stock: number): object => ({
      data: { stockChanged: { __typename: 'Product', upc: '1', stock, inStock: stock > 0 } },
    });
    expect(await firstEvent(events, () => setStock(12))).toEqual(changed(12));
    await setStock(5);
    await setStock(0);
    const later: unknown[] = [];
    for await (const event of events) {
      // The first count may have been repeated before its event came.
      if (JSON.stringify(event) !== JSON.stringify(changed(12))) later.push(event);
      if (later.length === 2) break;
    }
    expect(later).toEqual([changed(5), changed(0)]);
  });

  test('reviewAdded tells the new reviews of its product and of no other', async () => {
    const events = subscribe(
      'reviews',
      'subscription { reviewAdded(upc: "8") { body author { username } product { upc } } }',
    );
    const event = await firstEvent(events, async () => {
      await createReview('7');
      await createReview('8');
    });
    expect(event).toEqual({
      data: { reviewAdded: { body: 'About 8.', author: { username: 'jun.jansen.9' }, product: { upc: '8' } } },
    });
  });

  test('each event is read anew', async () => {
    const events = subscribe(
      'reviews',
      'subscription { reviewAdded(upc: "6") { id product { reviews(first: 1) { id } } } }',
    );
    const hasItself = (event: unknown): boolean => {
      const { reviewAdded } = (
        event as { data: { reviewAdded: { id: string; product: { reviews: { id: string }[] } } } }
      ).data;
      // Or a newer one, when the server fell behind.
      return Number(reviewAdded.product.reviews[0]?.id) >= Number(reviewAdded.id);
    };
    expect(await firstEvent(events, () => createReview('6'))).toSatisfy(hasItself);
    await createReview('6');
    expect((await events.next()).value).toSatisfy(hasItself);
  });

  test.each<[SubgraphName, field: string]>([
    ['inventory', 'stockChanged(upc: "0") { upc }'],
    ['reviews', 'reviewAdded(upc: "0") { id }'],
  ])('%s refuses to watch what is not there: %s', async (name, field) => {
    const { value } = (await subscribe(name, `subscription { ${field} }`).next()) as {
      value: { errors: { extensions: object }[] };
    };
    expect(value.errors.map(({ extensions }) => extensions)).toEqual([{ code: 'NOT_FOUND' }]);
  });
});
