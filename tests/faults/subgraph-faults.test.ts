import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { buildSubgraphSchema } from '../../subgraphs/server/federation-schema.ts';
import { serve, type RunningSubgraph } from '../../subgraphs/server/index.ts';
import { faultProxy, respond, type DataFault, type FaultProxy } from '../harness/fault-proxy.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
/** Stands in everything that must not reach a client. */
const CANARY = 'canary-7f3a';

const ITEMS = federated(`
  type Query { item: Item items: [Item!]! other: String }
  type Mutation { touch: Item }
  type Subscription { touched: Item }
  type Item @key(fields: "id") { id: ID! name: String }
`);
const STOCK = federated(`
  type Query { level: Level }
  type Mutation { fill: Int }
  type Level { units: Int }
  type Item @key(fields: "id") { id: ID! stock: Int place: Place! }
  type Place { shelf: String! }
`);
/** At a host that nobody knows. */
const LOST = federated(`
  type Query { lost: String }
  type Item @key(fields: "id") { id: ID! owner: String }
`);

const item = (id: string) => ({ __typename: 'Item', id, name: `item ${id}` });

let filled = 0;
let running: RunningSubgraph[];
let proxy: FaultProxy;
let gateway: TestGateway;
let directory: string;

beforeAll(async () => {
  const items = buildSubgraphSchema({
    typeDefs: parse(ITEMS),
    resolvers: {
      Query: { item: () => item('1'), items: () => ['1', '2', '1'].map(item), other: () => 'here' },
      Mutation: { touch: () => item('1') },
      Subscription: {
        touched: {
          async *subscribe() {
            yield { touched: item('1') };
            yield { touched: item('2') };
          },
        },
      },
    },
  });
  const stock = buildSubgraphSchema({
    typeDefs: parse(STOCK),
    resolvers: {
      Query: { level: () => ({ units: 3 }) },
      Mutation: { fill: () => ++filled },
      Item: {
        __resolveReference: ({ id }: { id: string }) => ({ id, stock: Number(id) * 10, place: { shelf: `s${id}` } }),
      },
    },
  });
  running = await Promise.all(
    Object.entries({ items, stock }).map(([name, schema]) =>
      serve({ name: name as never, schema, createContext: () => ({}) }, { port: 0 }),
    ),
  );
  const [itemsServer, stockServer] = running;
  if (!itemsServer || !stockServer) throw new Error('not started');
  proxy = await faultProxy(stockServer.url);
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-faults-'));
  const [path, file] = [join(directory, 'lost.graphql'), join(directory, 'subgraphs.json')];
  await writeFile(path, LOST);
  const subgraphs = [
    { name: 'items', url: itemsServer.url },
    { name: 'stock', url: proxy.url },
    { name: 'lost', url: `http://${CANARY}.invalid/graphql`, schema: { from: 'file', path } },
  ];
  await writeFile(file, JSON.stringify(subgraphs));
  gateway = await startGateway({ subgraphs: [], config: CONFIG, env: { SUBGRAPHS: '', SUBGRAPHS_FILE: file } });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await Promise.all(running?.map((subgraph) => subgraph.close()) ?? []);
  await rm(directory, { recursive: true, force: true });
});

interface Fault {
  readonly code: 'SUBGRAPH_UNAVAILABLE' | 'SUBGRAPH_TIMEOUT' | 'SUBGRAPH_ERROR' | 'OUT_OF_PAPER';
  readonly make: DataFault | 'refuse';
}

const raw =
  (body: string, status = 200, type = 'application/json'): DataFault =>
  ({ response }) => {
    response.writeHead(status, { 'content-type': type });
    response.end(body);
  };

/** Each leaves the fields of the subgraph "stock" without a value. */
const FAULTS: Record<string, Fault> = {
  'connection refused': { code: 'SUBGRAPH_UNAVAILABLE', make: 'refuse' },
  'connection reset within the body': {
    code: 'SUBGRAPH_UNAVAILABLE',
    make({ response }) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write(`{"data":{"${CANARY}`);
      setImmediate(() => response.socket?.resetAndDestroy());
    },
  },
  'no answer within the time limit': { code: 'SUBGRAPH_TIMEOUT', make: () => {} },
  'half an answer within the time limit': {
    code: 'SUBGRAPH_TIMEOUT',
    make({ response }) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(`{"data":{"${CANARY}`);
    },
  },
  'status 500 with HTML': {
    code: 'SUBGRAPH_UNAVAILABLE',
    make: raw(`<html>${CANARY} at Object.stack</html>`, 500, 'text/html'),
  },
  'status 404': { code: 'SUBGRAPH_ERROR', make: raw(CANARY, 404, 'text/plain') },
  'broken JSON': { code: 'SUBGRAPH_ERROR', make: raw(`{"data": {"${CANARY}"`) },
  'JSON that is no GraphQL response': { code: 'SUBGRAPH_ERROR', make: raw(`["${CANARY}"]`) },
  'neither data nor errors': { code: 'SUBGRAPH_ERROR', make: raw('{"data": null}') },
  'data of the wrong shape': {
    code: 'SUBGRAPH_ERROR',
    make: raw(`{"data": {"_entities": "${CANARY}", "level": "${CANARY}", "fill": {"is": "${CANARY}"}}}`),
  },
  'too few entities': {
    code: 'SUBGRAPH_ERROR',
    make: ({ response }) => respond(response, { data: { _entities: [], level: 'none', fill: 'none' } }),
  },
  'null in place of the entities': {
    code: 'SUBGRAPH_ERROR',
    make: ({ response }) => respond(response, { data: { _entities: null, level: 'none', fill: 'none' } }),
  },
  'GraphQL errors with data and path': {
    code: 'OUT_OF_PAPER',
    make({ response, query, variables }) {
      const { representations = [] } = variables as { representations?: unknown[] };
      const field = ['place', 'stock', 'level', 'fill'].find((name) => query.includes(name)) ?? '';
      const data =
        representations.length > 0
          ? { _entities: representations.map(() => (field === 'place' ? null : { stock: null })) }
          : { [field]: null };
      const paths = representations.length > 0 ? representations.map((_, at) => ['_entities', at, field]) : [[field]];
      const extensions = { code: 'OUT_OF_PAPER', stacktrace: [CANARY], serviceName: CANARY };
      respond(response, { data, errors: paths.map((path) => ({ message: 'No paper.', path, extensions })) });
    },
  },
  'GraphQL errors without data': {
    code: 'OUT_OF_PAPER',
    make: ({ response }) =>
      respond(response, {
        errors: [{ message: 'No paper.', extensions: { code: 'OUT_OF_PAPER', stacktrace: [CANARY], url: CANARY } }],
      }),
  },
  '100 MB': {
    code: 'SUBGRAPH_ERROR',
    async make({ response }) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(`{"data":{"${CANARY}":"`);
      const chunk = 'x'.repeat(1_000_000);
      for (let sent = 0; sent < 100 && !response.destroyed; sent++) {
        if (!response.write(chunk))
          await new Promise((resolve) => response.once('drain', resolve).once('close', resolve));
      }
      response.end('"}}');
    },
  },
};

interface Position {
  readonly query: string;
  readonly data: object;
  readonly errors: readonly string[];
}

const POSITIONS: Record<string, Position> = {
  'a root field': {
    query: '{ level { units } other }',
    data: { level: null, other: 'here' },
    errors: ['level'],
  },
  'a nested entity': {
    query: '{ item { name stock } other }',
    data: { item: { name: 'item 1', stock: null }, other: 'here' },
    errors: ['item.stock'],
  },
  'a list of entities': {
    query: '{ items { id stock } }',
    data: { items: ['1', '2', '1'].map((id) => ({ id, stock: null })) },
    errors: ['items.0.stock', 'items.1.stock', 'items.2.stock'],
  },
  'a field that cannot be null': {
    query: '{ item { name place { shelf } } other }',
    data: { item: null, other: 'here' },
    errors: ['item.place'],
  },
  'the result of a mutation': {
    query: 'mutation { touch { name stock } }',
    data: { touch: { name: 'item 1', stock: null } },
    errors: ['touch.stock'],
  },
  'a mutation': { query: 'mutation { fill }', data: { fill: null }, errors: ['fill'] },
};

type Result = { data?: unknown; errors?: { path?: (string | number)[]; extensions?: Record<string, unknown> }[] };

/** Gives how to take it back. */
async function begin({ make }: Fault): Promise<() => Promise<void> | void> {
  if (make === 'refuse') {
    await proxy.refuse();
    return () => proxy.listen();
  }
  proxy.fail(make);
  return () => proxy.fail(undefined);
}

function expectNoLeak(text: string): void {
  for (const secret of [CANARY, '127.0.0.1', String(proxy.port), 'ECONN', 'node:', '.ts:'])
    expect(text).not.toContain(secret);
}

describe.each(Object.entries(FAULTS))('with %s', (_, fault) => {
  beforeAll(() => begin(fault));

  // Concurrently, as some of them wait for the gateway's time limit.
  test.concurrent.each(Object.entries(POSITIONS))(
    '%s: the data there is, an error at each missing field, no leak',
    async (__, position) => {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: position.query }),
      });
      const text = await response.text();
      const { data, errors = [] } = JSON.parse(text) as Result;
      expect(response.status).toBe(200);
      expect(data).toEqual(position.data);
      expect(errors.map(({ path }) => path?.join('.')).toSorted()).toEqual(position.errors);
      for (const { extensions } of errors) expect(extensions).toMatchObject({ code: fault.code, service: 'stock' });
      expectNoLeak(text);
    },
  );

  test.concurrent('an event of a subscription: its data, its error, and nothing of it in the next', async () => {
    const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    try {
      const events: Result[] = [];
      for await (const event of client.iterate({ query: 'subscription { touched { name stock } }' })) {
        events.push(event as unknown as Result);
      }
      expect(events.map(({ data }) => data)).toEqual(
        ['1', '2'].map((id) => ({ touched: { name: `item ${id}`, stock: null } })),
      );
      for (const { errors = [] } of events) {
        expect(errors.map(({ path }) => path?.join('.'))).toEqual(['touched.stock']);
        expect(errors[0]?.extensions).toMatchObject({ code: fault.code, service: 'stock' });
      }
      expectNoLeak(JSON.stringify(events));
    } finally {
      await client.dispose();
    }
  });
});

test('after any fault the subgraph is asked again, and its data is there', async () => {
  await until('the data', async () => {
    const result = await gateway.query('{ item { stock } level { units } }');
    return JSON.stringify(result) === '{"data":{"item":{"stock":10},"level":{"units":3}}}';
  });
});

test('entities in another order are not shown as each other: those in place have their data, the others an error', async () => {
  proxy.fail(async ({ response, answer }) => {
    const { data } = (await answer()) as { data: { _entities: unknown[] } };
    respond(response, { data: { _entities: data._entities.toReversed() } });
  });
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ items { name stock } other }' }),
  });
  proxy.fail(undefined);
  const text = await response.text();
  const { data, errors = [] } = JSON.parse(text) as Result;
  expect(response.status).toBe(200);
  expect(data).toEqual({ items: ['1', '2', '1'].map((id) => ({ name: `item ${id}`, stock: null })), other: 'here' });
  expect(errors.map(({ path }) => path?.join('.')).toSorted()).toEqual([0, 1, 2].map((at) => `items.${at}.stock`));
  for (const { extensions } of errors) expect(extensions).toEqual({ code: 'SUBGRAPH_ERROR', service: 'stock' });
  expectNoLeak(text);
  expect(gateway.log()).toContain('out of order');
});

test('a query is tried again after a failure that may pass, a mutation never', async () => {
  const flaky: DataFault = async ({ response, answer }) => {
    if (proxy.requests() === 1) respond(response, 'busy', 503);
    else respond(response, await answer());
  };
  proxy.fail(flaky);
  expect(await gateway.query('{ item { stock } }')).toEqual({ data: { item: { stock: 10 } } });
  expect(proxy.requests()).toBe(2);

  proxy.fail(flaky);
  expect(await gateway.query('mutation { fill }')).toMatchObject({ data: { fill: null } });
  expect(proxy.requests()).toBe(1);
  expect(filled).toBe(0);
  proxy.fail(undefined);
});

test('a host name that is not known makes the subgraph unavailable, and the name does not reach a client', async () => {
  const result = await gateway.query('{ item { name owner } lost }');
  expect(result).toMatchObject({
    data: { item: { name: 'item 1', owner: null }, lost: null },
    errors: [['item', 'owner'], ['lost']].map((path) => ({
      path,
      extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'lost' },
    })),
  });
  expectNoLeak(JSON.stringify(result));
});

test('the log holds what the client does not see: the reason, and what the subgraph said', async () => {
  proxy.fail(raw(`<b>${CANARY}</b>`, 500, 'text/html'));
  await gateway.query('{ item { stock } }');
  proxy.fail(undefined);
  expect(gateway.log()).toContain(`status 500: <b>${CANARY}</b>`);
});
