import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SubgraphOptions } from '../../plugins/composition/index.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

/** No page can make a browser send it. */
const NOT_FORGED = { accept: 'application/json', 'graphql-require-preflight': '1' };
const SECRET = `whsec_${Buffer.from('a secret for tests only').toString('base64')}`;
/** Longer than any test: only what a test does makes the gateway ask. */
const NEVER_POLL = { COMPOSITION_POLL_INTERVAL: '0' };
/** ms that a gateway waits for a schema that does not come; the product's own 5 s are long for a test. */
const SCHEMA_TIMEOUT = 1_000;

const ITEMS = federated('type Query { item: Item } type Item @key(fields: "id") { id: ID! name: String }');
const ITEMS_WITH_PRICE = federated(
  'type Query { item: Item } type Item @key(fields: "id") { id: ID! name: String price: Int }',
);
const STOCK = federated('type Query { stock: Int } type Item @key(fields: "id") { id: ID! stock: Int }');
const NOTES = federated('type Query { note: Note } type Note @key(fields: "id") { id: ID! text: String }');
const NOTES_WITH_AUTHOR = federated(
  'type Query { note: Note } type Note @key(fields: "id") { id: ID! text: String author: String }',
);
/** Conflicts with `ITEMS`: both say how to get `Item.name`, and not the same. */
const STOCK_WITH_NAME = federated(
  'type Query { stock: Int } type Item @key(fields: "id") { id: ID! stock: Int name: Int }',
);

const resolvers = {
  Query: {
    item: () => ({ id: '1', name: 'Chair', price: 5 }),
    stock: () => 7,
    note: () => ({ id: '1', text: 'Sit', author: 'Ann' }),
  },
};

let directory: string;
let items: TestSubgraph;
let stock: TestSubgraph;
// Gateways share the subgraphs; each test leaves them as they were.
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-reload-'));
  items = await startSubgraph('items', ITEMS, resolvers);
  stock = await startSubgraph('stock', STOCK, {
    ...resolvers,
    Item: { __resolveReference: () => ({ id: '1', stock: 7 }) },
  });
});
afterEach(async () => {
  items.change(ITEMS);
  stock.change(STOCK);
  stock.break(undefined);
  await Promise.all([items.start(), stock.start()]);
});
afterAll(async () => {
  await Promise.all([items, stock].map((subgraph) => subgraph?.[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true, force: true });
});

/** The environment that names these subgraphs, in a file. */
async function subgraphsFile(subgraphs: readonly SubgraphOptions[]): Promise<Record<string, string>> {
  const path = join(await mkdtemp(join(directory, 'subgraphs-')), 'subgraphs.json');
  await writeFile(path, JSON.stringify(subgraphs));
  return { SUBGRAPHS: '', SUBGRAPHS_FILE: path };
}

async function refreshBy(gateway: TestGateway, subgraph: string, id = `msg_${Math.random()}`): Promise<Response> {
  const body = JSON.stringify({ subgraph });
  const now = new Date();
  return fetch(`${gateway.url}/webhooks/schema`, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(SECRET).sign(id, now, body),
    },
    body,
  });
}

async function untilVersionChanges(gateway: TestGateway, from: string | null): Promise<void> {
  await until('another supergraph', async () => (await gateway.health()).supergraph.version !== from);
}

const STRANGE_ANSWERS: Record<string, { fault: Parameters<TestSubgraph['break']>[0]; said: RegExp }> = {
  'an HTML page': { fault: (_, response) => response.end('<html>Welcome</html>'), said: /not JSON/ },
  'an error status': {
    fault: (_, response) => {
      response.statusCode = 502;
      response.end('bad gateway');
    },
    said: /status 502/,
  },
  '10 MB': {
    fault: (_, response) => response.end(JSON.stringify({ data: { _service: { sdl: '#'.repeat(10_000_000) } } })),
    said: /larger than \d+ bytes/,
  },
  'GraphQL errors': {
    fault: (_, response) => response.end('{"errors":[{"message":"no federation here"}]}'),
    said: /without data/,
  },
  'no SDL': { fault: (_, response) => response.end('{"data":{"_service":{"sdl":""}}}'), said: /no SDL/ },
  'nothing at all': { fault: () => {}, said: /did not answer within \d+ ms/ },
  'a redirect': {
    fault: (_, response) => {
      response.writeHead(302, { location: 'http://127.0.0.1:1/' });
      response.end();
    },
    said: /could not be reached/,
  },
};

describe('with polls,', () => {
  let gateway: TestGateway;
  let version: string | null;
  beforeAll(async () => {
    const subgraphs = [items, stock].map(({ name, url }) => ({ name, url, timeout: SCHEMA_TIMEOUT }));
    gateway = await startGateway({ subgraphs: [], env: await subgraphsFile(subgraphs) });
    ({ version } = (await gateway.health()).supergraph);
  });
  beforeEach(async () => {
    await until('the gateway to be as it was', async () => {
      const { supergraph } = await gateway.health();
      const isComplete = Object.keys(supergraph.unavailable).length === 0;
      return supergraph.status === 'ok' && supergraph.version === version && isComplete;
    });
  });
  afterAll(() => gateway?.[Symbol.asyncDispose]());

  /** A folder with what the gateway has kept: that of one which starts again. */
  async function keptState(): Promise<string> {
    const copy = await mkdtemp(join(directory, 'state-'));
    await cp(gateway.directory, copy, { recursive: true });
    return copy;
  }

  test('a changed SDL is served without a restart, and identical SDL is no reload', async () => {
    const logged = gateway.log().length;
    const { supergraph } = await gateway.health();
    const asked = items.schemaRequests();
    await until('three polls', () => items.schemaRequests() >= asked + 3);
    expect((await gateway.health()).supergraph).toEqual({ ...supergraph, ageSeconds: expect.any(Number) });
    expect(gateway.log().slice(logged)).not.toContain('Invalidating Supergraph');
    expect(JSON.stringify(await gateway.query('{ item { price } }'))).toContain('Cannot query field');

    items.change(ITEMS_WITH_PRICE);
    await untilVersionChanges(gateway, supergraph.version);

    expect(await gateway.query('{ item { name price stock } }')).toEqual({
      data: { item: { name: 'Chair', price: 5, stock: 7 } },
    });
  });

  test('a conflict keeps the old supergraph, is explained at /health and once in the log, and heals by itself', async () => {
    const logged = gateway.log().length;
    const before = await gateway.health();

    stock.change(STOCK_WITH_NAME);
    const degraded = await until('the conflict', async () => {
      const health = await gateway.health();
      return health.supergraph.status === 'conflict' && health;
    });
    expect(degraded.status).toBe('degraded');
    expect(degraded.supergraph.version).toBe(before.supergraph.version);
    expect(degraded.supergraph.conflicts).toContainEqual(
      expect.objectContaining({
        code: 'FIELD_TYPE_MISMATCH',
        subgraphs: ['items', 'stock'],
        coordinates: ['Item.name'],
        hint: expect.stringMatching(/\S/),
      }),
    );
    expect(await gateway.status('/health')).toBe(200);
    expect(await gateway.query('{ item { name } }')).toEqual({ data: { item: { name: 'Chair' } } });
    const asked = stock.schemaRequests();
    await until('three polls', () => stock.schemaRequests() >= asked + 3);
    expect(gateway.log().slice(logged).split('FIELD_TYPE_MISMATCH')).toHaveLength(2);

    stock.change(STOCK);
    await until('the gateway to heal', async () => (await gateway.health()).status === 'ok');
    expect((await gateway.health()).supergraph).toEqual({ ...before.supergraph, ageSeconds: expect.any(Number) });
  });

  test('a subgraph that is down keeps its last good SDL, and its operations fail alone', async () => {
    const { supergraph } = await gateway.health();

    await stock.stop();
    // A poll that was under way when it stopped is reset; those after it are refused.
    const down = await until('the subgraph to be missed', async () => {
      const health = await gateway.health();
      return health.supergraph.unavailable.stock?.includes('refused') && health;
    });

    expect(down.supergraph).toEqual({
      ...supergraph,
      ageSeconds: expect.any(Number),
      unavailable: { stock: 'the subgraph refused the connection' },
    });
    expect(await gateway.query('{ item { name } }')).toEqual({ data: { item: { name: 'Chair' } } });
    expect(JSON.stringify(down)).not.toContain('127.0.0.1');
  });

  test('whatever a subgraph answers in place of its schema, the old supergraph goes on and the reason is named', async () => {
    const logged = gateway.log().length;
    for (const [what, { fault, said }] of Object.entries(STRANGE_ANSWERS)) {
      stock.break(fault);
      const { supergraph } = await until(`the gateway to see ${what}`, async () => {
        const health = await gateway.health();
        return said.test(health.supergraph.unavailable.stock ?? '') && health;
      });
      expect(supergraph.version).toBe(version);
    }
    expect(await gateway.query('{ item { name } }')).toEqual({ data: { item: { name: 'Chair' } } });
    stock.break(undefined);
    await until(
      'the gateway to recover',
      async () => (await gateway.health()).supergraph.unavailable.stock === undefined,
    );
    expect(gateway.log().slice(logged)).toContain('"stock" gives its schema again');
  });

  test('an SDL that does not parse is a conflict that names the subgraph and the place', async () => {
    stock.change('type Query {');
    const { supergraph } = await until('the conflict', async () => {
      const health = await gateway.health();
      return health.supergraph.status === 'conflict' && health;
    });

    expect(supergraph.conflicts).toMatchObject([{ code: 'INVALID_GRAPHQL', subgraphs: ['stock'] }]);
    expect(await gateway.query('{ item { name } }')).toEqual({ data: { item: { name: 'Chair' } } });
  });

  test('a gateway that starts while subgraphs are down serves the last good SDLs from disk, and says so', async () => {
    const state = await keptState();
    await stock.stop();

    await using another = await startGateway({ subgraphs: [items, stock], directory: state });
    const { supergraph, status } = await another.health();
    expect(supergraph).toMatchObject({ status: 'stale', version });
    expect(status).toBe('degraded');
    expect(another.log()).toContain('Starting from the last good schemas');
    expect(await another.query('{ item { name } }')).toEqual({ data: { item: { name: 'Chair' } } });

    await stock.start();
    await until('the schema to be confirmed', async () => (await another.health()).supergraph.status === 'ok');
  });

  test('a gateway that starts amid a conflict serves the last good SDLs, and reports the conflict', async () => {
    const state = await keptState();
    stock.change(STOCK_WITH_NAME);

    await using another = await startGateway({ subgraphs: [items, stock], directory: state });
    expect((await another.health()).supergraph).toMatchObject({ status: 'conflict', version });
    expect(await another.query('{ item { stock } }')).toEqual({ data: { item: { stock: 7 } } });
  });
});

test('a gateway without any schema answers 503 and says what it waits for, and comes up by itself', async () => {
  await stock.stop();
  await using gateway = await startGateway({ subgraphs: [items, stock], until: '/health/live' });

  expect(await gateway.status('/health/ready')).toBe(503);
  expect(await gateway.status('/health')).toBe(503);
  expect(gateway.log()).toContain('Waiting for the schemas of stock');
  const answer = await fetch(`${gateway.url}/graphql?query={item{name}}`, { headers: NOT_FORGED });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] });

  await stock.start();
  await until('the gateway to be ready', async () => (await gateway.status('/health/ready')) === 200);
  expect(await gateway.query('{ item { name stock } }')).toEqual({ data: { item: { name: 'Chair', stock: 7 } } });
});

describe('with webhooks and no polls,', () => {
  let notes: TestSubgraph;
  let notesFile: string;
  let redis: RedisServer;
  let env: Record<string, string>;
  let gateway: TestGateway;
  beforeAll(async () => {
    redis = await startRedis();
    notes = await startSubgraph('notes', NOTES, resolvers);
    notesFile = join(await mkdtemp(join(directory, 'sdl-')), 'notes.graphql');
    await writeFile(notesFile, NOTES);
    const subgraphs = await subgraphsFile([
      ...[items, stock].map(({ name, url }) => ({ name, url })),
      { name: 'notes', url: notes.url, schema: { from: 'file', path: notesFile } },
    ]);
    env = { ...subgraphs, ...NEVER_POLL, REDIS_URL: redis.url, WEBHOOK_SECRET: SECRET };
    gateway = await startGateway({ subgraphs: [], env });
  });
  afterAll(async () => {
    await Promise.all([gateway, notes].map((one) => one?.[Symbol.asyncDispose]()));
    await redis?.close();
  });

  test('a signed webhook asks one subgraph at once', async () => {
    const { version } = (await gateway.health()).supergraph;
    const askedOther = stock.schemaRequests();
    items.change(ITEMS_WITH_PRICE);

    const answer = await refreshBy(gateway, 'items');

    expect(answer.status).toBe(202);
    await untilVersionChanges(gateway, version);
    expect(await gateway.query('{ item { price } }')).toEqual({ data: { item: { price: 5 } } });

    items.change(ITEMS);
    expect((await refreshBy(gateway, 'items')).status).toBe(202);
    await until('the first supergraph', async () => (await gateway.health()).supergraph.version === version);
    expect(stock.schemaRequests()).toBe(askedOther);
  });

  test('a webhook that is forged, old, replayed, too large or names no subgraph changes nothing', async () => {
    const { supergraph } = await gateway.health();
    const asked = items.schemaRequests();
    const send = (headers: Record<string, string>, body: string) =>
      fetch(`${gateway.url}/webhooks/schema`, { method: 'POST', headers, body });
    const signed = (id: string, at: Date, body: string) => ({
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(SECRET).sign(id, at, body),
    });
    const body = '{"subgraph":"items"}';
    const large = JSON.stringify({ subgraph: 'x'.repeat(5_000_000) });
    const tenMinutesAgo = new Date(Date.now() - 600_000);

    expect((await send({}, body)).status).toBe(401);
    expect((await send({ ...signed('a', new Date(), body), 'webhook-signature': 'v1,AAAA' }, body)).status).toBe(401);
    expect((await send(signed('b', tenMinutesAgo, body), body)).status).toBe(401);
    expect((await send(signed('c', new Date(), large), large)).status).toBe(413);
    const unknown = await refreshBy(gateway, 'nobody', 'd');
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toEqual({ error: expect.stringContaining('items, stock') });
    expect(items.schemaRequests()).toBe(asked);
    expect((await refreshBy(gateway, 'items', 'e')).status).toBe(202);
    expect((await refreshBy(gateway, 'items', 'e')).status).toBe(401);
    expect((await gateway.health()).supergraph).toEqual({ ...supergraph, ageSeconds: expect.any(Number) });
  });

  test('an SDL file is watched: what is written to it is served', async () => {
    const { version } = (await gateway.health()).supergraph;

    await writeFile(notesFile, NOTES_WITH_AUTHOR);

    await untilVersionChanges(gateway, version);
    notes.change(NOTES_WITH_AUTHOR);
    expect(await gateway.query('{ note { text author } }')).toEqual({ data: { note: { text: 'Sit', author: 'Ann' } } });
  });

  test('with Redis, one gateway tells the others of a reload', async () => {
    const start = () => startGateway({ subgraphs: [], env });
    await using other = await start();
    const { version } = (await other.health()).supergraph;
    items.change(ITEMS_WITH_PRICE);

    await refreshBy(gateway, 'items');

    await untilVersionChanges(other, version);
    expect((await other.health()).supergraph.version).toBe((await gateway.health()).supergraph.version);
    await items.stop();
    await stock.stop();
    await using third = await start();
    expect((await third.health()).supergraph.version).toBe((await gateway.health()).supergraph.version);
  });
});
