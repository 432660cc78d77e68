import type { GatewayPlugin } from '@graphql-hive/gateway';
import { createGatewayRuntime } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ask, dataOf } from './ask.ts';
import { firstEvent } from './first-event.ts';
import { runDemoSubgraphs } from './running.ts';
import { composeRunning, queryFiles, readQuery } from './supergraph.ts';

const urlOf = runDemoSubgraphs();
/** The subgraphs that were asked, in that order. */
const asked: string[] = [];
const recordAsked: GatewayPlugin = { onSubgraphExecute: ({ subgraphName }) => void asked.push(subgraphName) };
let gateway: ReturnType<typeof createGatewayRuntime> | undefined;

beforeAll(async () => {
  const { supergraphSdl } = await composeRunning(urlOf);
  gateway = createGatewayRuntime({
    supergraph: supergraphSdl,
    unifiedGraphHandler,
    logging: false,
    transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws', location: '/graphql' } } } },
    plugins: () => [recordAsked],
  });
});
afterAll(() => gateway?.[Symbol.asyncDispose]());
beforeEach(() => {
  asked.length = 0;
});

function query<Data>(document: string): Promise<Data> {
  return dataOf(
    ask<Data>('http://gateway/graphql', document, {}, (url, init) => {
      if (!gateway) throw new Error('The gateway is not running');
      return gateway.fetch(url, init);
    }),
  );
}

const run = <Data>(file: string): Promise<Data> => query<Data>(readQuery(file));

const nulls = (value: unknown, path: readonly string[] = []): string[] => {
  if (value === null) return [path.join('.')];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => nulls(inner, [...path, key]));
};

test.each(queryFiles.filter((file) => file !== 'subscription.graphql'))(
  'queries/%s is answered through the gateway with every field filled',
  async (file) => {
    expect(nulls(await run(file))).toEqual([]);
  },
);

test('the query to try asks all four subgraphs', async () => {
  await run('parallel.graphql');
  expect(new Set(asked)).toEqual(new Set(['accounts', 'products', 'inventory', 'reviews']));
});

test('a provided username costs no request to accounts', async () => {
  await run('provides.graphql');
  expect(asked).toEqual(['reviews']);
});

test('nested lists cost one request per subgraph and level, not one per row', async () => {
  await run('nested.graphql');
  expect(asked.toSorted()).toEqual(['accounts', 'inventory', 'products', 'reviews']);
});

test('the overridden field is answered by its new owner', async () => {
  const { soldOut } = await run<{ soldOut: { inStock: boolean } }>('override.graphql');
  expect(soldOut.inStock).toBe(false);
});

test('the progressive override gives one answer, whichever subgraph a request falls to', async () => {
  const answers = new Set<string>();
  const owners = new Set<string>();
  const random = Math.random;
  try {
    for (const share of [0.01, 0.99]) {
      Math.random = () => share;
      asked.length = 0;
      answers.add(JSON.stringify(await query(`{ products(first: 20) { deliveryDays } } # ${share}`)));
      owners.add(asked.join(' '));
    }
  } finally {
    Math.random = random;
  }
  expect(owners).toEqual(new Set(['products', 'products inventory']));
  expect(answers.size).toBe(1);
});

test('a required price and weight reach inventory', async () => {
  const { products } = await query<{ products: { price: number; weight: number; shippingEstimate: number }[] }>(
    '{ products(first: 50) { price weight shippingEstimate } }',
  );
  for (const { price, weight, shippingEstimate } of products) {
    expect(shippingEstimate).toBe(price >= 20_000 ? 0 : 299 + Math.ceil(weight / 10));
  }
});

test('a list of an interface is completed from the other subgraph for each type', async () => {
  const { lowStock } = await run<{ lowStock: { __typename: string; weight?: number; validMonths?: number }[] }>(
    'interface.graphql',
  );
  expect(new Set(lowStock.map((item) => item.__typename))).toEqual(new Set(['Product', 'GiftCard']));
  for (const { __typename, weight, validMonths } of lowStock) {
    expect([typeof weight, typeof validMonths]).toEqual(
      __typename === 'Product' ? ['number', 'undefined'] : ['undefined', 'number'],
    );
  }
});

test('an event is completed from the other subgraphs', async () => {
  if (!gateway) throw new Error('The gateway is not running');
  const leave = new AbortController();
  const response = await gateway.fetch('http://gateway/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: readQuery('subscription.graphql') }),
    signal: leave.signal,
  });
  const event = await firstEvent(serverSentData(response), () =>
    query('mutation { setStock(upc: "1", quantity: 8) { upc } }'),
  );
  leave.abort();
  expect(event).toEqual({
    data: { stockChanged: { upc: '1', name: 'Tall Copper Shelf', stock: 8, inStock: true } },
  });
});

async function* serverSentData(response: Response): AsyncGenerator<unknown, void> {
  if (!response.body) throw new Error('The response has no body');
  let received = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    received += text;
    const events = received.split('\n\n');
    received = events.pop() ?? '';
    for (const event of events) {
      const [, data] = /^data: (\{.*\})$/m.exec(event) ?? [];
      if (data) yield JSON.parse(data);
    }
  }
}
