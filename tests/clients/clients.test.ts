import { CombinedGraphQLErrors, gql } from '@apollo/client';
import type { CombinedError } from '@urql/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectApolloClient } from '../../examples/clients/apollo-client.ts';
import { connectUrql } from '../../examples/clients/urql.ts';
import { until } from '../harness/until.ts';
import { startDemoGateway, watchingFetch, type DemoGateway } from './demo-gateway.ts';

// The clients of examples/clients, as an application uses them, against the demo behind a real gateway.

let gateway: DemoGateway;
let signedIn: boolean;

beforeAll(async () => {
  gateway = await startDemoGateway();
});
afterAll(() => gateway?.[Symbol.asyncDispose]());
beforeEach(() => {
  signedIn = false;
});

const token = (): string | undefined => (signedIn ? gateway.token : undefined);

interface Stock {
  readonly stockChanged: { readonly upc: string; readonly name: string; readonly stock: number };
}

interface SetStock {
  readonly setStock: { readonly upc: string; readonly stock: number };
}

const PRODUCT = gql`
  query Product($upc: ID!) {
    product(upc: $upc) {
      upc
      name
    }
  }
`;
const USER = gql`
  query User {
    user(id: "1") {
      id
      name
      email
    }
  }
`;
const SET_STOCK = gql`
  mutation SetStock($upc: ID!, $quantity: Int!) {
    setStock(upc: $upc, quantity: $quantity) {
      upc
      stock
    }
  }
`;
const STOCK_CHANGED = gql`
  subscription StockChanged($upc: ID!) {
    stockChanged(upc: $upc) {
      upc
      name
      stock
    }
  }
`;
/** To callers without a credential. */
const WITHHELD = { path: ['user', 'email'], extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } };

describe('Apollo Client', () => {
  let connection: ReturnType<typeof connectApolloClient>;
  beforeEach(() => {
    connection = connectApolloClient(gateway.endpoint, async () => token());
  });
  afterEach(() => connection.close());

  test('a query goes by its hash as a GET, its text is sent once, and the second answer is from the cache', async () => {
    const ask = () => connection.client.query({ query: PRODUCT, variables: { upc: '1' }, fetchPolicy: 'network-only' });
    const first = await watchingFetch(async () => {
      expect(await ask()).toMatchObject({ data: { product: { upc: '1', name: expect.any(String) } } });
    });
    expect(first.map(({ method }) => method)).toEqual(['GET', 'POST']);
    const [second] = await watchingFetch(ask);
    expect(second).toMatchObject({ method: 'GET', status: 200 });
    expect(second?.headers.get('cache-status')).toMatch(/^gatehouse; hit; ttl=\d+$/);
    expect(second?.headers.get('cache-control')).toMatch(/public.*max-age=\d+|max-age=\d+.*public/);
  });

  test('a mutation goes as a POST', async () => {
    const sent = await watchingFetch(async () => {
      const { data } = await connection.client.mutate<SetStock>({
        mutation: SET_STOCK,
        variables: { upc: '2', quantity: 17 },
      });
      expect(data?.setStock).toMatchObject({ upc: '2', stock: 17 });
    });
    expect(new Set(sent.map(({ method }) => method))).toEqual(new Set(['POST']));
  });

  test('a field that is withheld is null, with its error, and the rest is there; with the token it is there too', async () => {
    const ask = () => connection.client.query({ query: USER, errorPolicy: 'all', fetchPolicy: 'network-only' });
    const { data, error } = await ask();
    expect(data).toMatchObject({ user: { id: '1', name: expect.any(String), email: null } });
    expect(CombinedGraphQLErrors.is(error) && error.errors).toEqual([expect.objectContaining(WITHHELD)]);
    signedIn = true;
    expect(await ask()).toMatchObject({ data: { user: { email: expect.stringContaining('@') } } });
  });

  test('a subscription over WebSocket is given events', async () => {
    signedIn = true;
    const events: number[] = [];
    const subscription = connection.client
      .subscribe<Stock>({ query: STOCK_CHANGED, variables: { upc: '3' } })
      .subscribe(({ data }) => void events.push(data?.stockChanged.stock ?? -1));
    await eventually(events, async (quantity) => {
      await connection.client.mutate({ mutation: SET_STOCK, variables: { upc: '3', quantity } });
    });
    subscription.unsubscribe();
  });
});

describe('urql', () => {
  let connection: ReturnType<typeof connectUrql>;
  beforeEach(() => {
    connection = connectUrql(gateway.endpoint, token);
  });
  afterEach(() => connection.close());

  test('a query is answered, and again from the cache', async () => {
    const ask = () => connection.client.query(PRODUCT, { upc: '4' }).toPromise();
    expect(await ask()).toMatchObject({ data: { product: { upc: '4', name: expect.any(String) } }, error: undefined });
    const [second] = await watchingFetch(ask);
    expect(second?.method).toBe('POST');
    expect(second?.headers.get('cache-status')).toMatch(/^gatehouse; hit; ttl=\d+$/);
  });

  test('a mutation is answered', async () => {
    const { data } = await connection.client.mutation<SetStock>(SET_STOCK, { upc: '5', quantity: 18 }).toPromise();
    expect(data?.setStock).toMatchObject({ upc: '5', stock: 18 });
  });

  test('a field that is withheld is null, with its error, and the rest is there; with the token it is there too', async () => {
    const ask = () => connection.client.query(USER, {}).toPromise();
    const { data, error } = await ask();
    expect(data).toMatchObject({ user: { id: '1', name: expect.any(String), email: null } });
    expect((error as CombinedError).graphQLErrors).toEqual([expect.objectContaining(WITHHELD)]);
    signedIn = true;
    expect(await ask()).toMatchObject({ data: { user: { email: expect.stringContaining('@') } } });
  });

  test('a subscription over WebSocket is given events', async () => {
    signedIn = true;
    const events: number[] = [];
    const { unsubscribe } = connection.client
      .subscription<Stock>(STOCK_CHANGED, { upc: '6' })
      .subscribe(({ data }) => void events.push(data?.stockChanged.stock ?? -1));
    await eventually(events, async (quantity) => {
      await connection.client.mutation(SET_STOCK, { upc: '6', quantity }).toPromise();
    });
    unsubscribe();
  });
});

describe('a token that is not accepted', () => {
  const BAD = 'not.a.token';
  const variables = { upc: '1' };

  test.each<[string, (refuse: (error: unknown) => void) => { close(): void }]>([
    [
      'Apollo Client',
      (refuse) => {
        const connection = connectApolloClient(gateway.endpoint, async () => BAD);
        connection.client.subscribe({ query: STOCK_CHANGED, variables }).subscribe(({ error }) => refuse(error));
        return connection;
      },
    ],
    [
      'urql',
      (refuse) => {
        const connection = connectUrql(gateway.endpoint, () => BAD);
        connection.client.subscription(STOCK_CHANGED, variables).subscribe(({ error }) => refuse(error));
        return connection;
      },
    ],
  ])('ends a subscription of %s with an error', async (_client, subscribe) => {
    const errors: unknown[] = [];
    const connection = subscribe((error) => void errors.push(error));
    await until('the refusal', () => errors.length > 0);
    connection.close();
    expect(errors).toEqual([expect.anything()]);
  });
});

/** Changes the stock until a client has been told twice, of what it was changed to. */
async function eventually(events: readonly number[], setStock: (quantity: number) => Promise<void>): Promise<void> {
  let quantity = 100;
  const told = new Set<number>();
  await until('two events', async () => {
    told.add(++quantity);
    await setStock(quantity);
    return events.length >= 2;
  });
  expect(events.every((event) => told.has(event))).toBe(true);
}
