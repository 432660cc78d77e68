import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { createClient } from 'graphql-ws';
import { print } from 'graphql';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis } from '../../plugins/redis/index.ts';
import { registeredDocuments } from '../../plugins/persisted-documents/registered-documents.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
const SDL = `
  type Query { hello(name: String): String deep: Deep }
  type Deep { deep: Deep hello: String }
  type Mutation { greet: String }
`;

const LISTED = 'query Listed($name: String) { hello(name: $name) }';
const GREET = 'mutation Greet { greet }';
const TOO_DEEP = '{ deep { deep { deep { deep { hello } } } } }';
const LISTED_DOCUMENTS = {
  [`sha256:${sha256(LISTED)}`]: LISTED,
  'custom-id': '{ hello }',
  greet: GREET,
  'too-deep': TOO_DEEP,
};

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

let directory: string;
let manifest: string;
let redis: RedisServer;
let subgraph: TestSubgraph;
/** Executes any document; `strict` executes what is listed. */
let first: TestGateway;
let strict: TestGateway;
const gateways: TestGateway[] = [];
const adminPorts = new Map<TestGateway, number>();

async function start(documents: object, env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const adminPort = await freePort();
  const gateway = await startGateway({
    subgraphs: [subgraph],
    config: CONFIG,
    env: { ADMIN_PORT: String(adminPort), LOG_LEVEL: 'info', DOCUMENTS: JSON.stringify(documents), ...env },
  });
  gateways.push(gateway);
  adminPorts.set(gateway, adminPort);
  return gateway;
}

async function list(documents: object): Promise<void> {
  await writeFile(`${manifest}.new`, JSON.stringify(documents));
  await rename(`${manifest}.new`, manifest);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'documents-'));
  manifest = join(directory, 'manifest.json');
  await list(LISTED_DOCUMENTS);
  [redis, subgraph] = await Promise.all([
    startRedis(),
    startSubgraph('hello', SDL, {
      Query: { hello: (_: unknown, { name = 'world' }: { name?: string }) => `hello ${name}`, deep: () => ({}) },
      Deep: { deep: () => ({}), hello: () => 'hello' },
      Mutation: { greet: () => 'hello' },
    }),
  ]);
  const env = { REDIS_URL: redis.url };
  const automatic = { ttl: 600, maxBytes: 1_000 };
  [first, strict] = await Promise.all([
    start({ manifests: [manifest], mode: 'log', automatic }, env),
    start({ manifests: [manifest], mode: 'only' }),
  ]);
}, 90_000);
afterAll(async () => {
  for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
  await subgraph?.[Symbol.asyncDispose]();
  await redis?.close();
  await rm(directory, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: { data?: Record<string, unknown>; errors?: { message: string; extensions: { code: string } }[] };
  readonly headers: Headers;
}

async function post({ url }: TestGateway, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'], headers: response.headers };
}

async function get({ url }: TestGateway, params: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${url}/graphql?${new URLSearchParams(params)}`);
  return { status: response.status, body: (await response.json()) as Answer['body'], headers: response.headers };
}

async function overWebSocket({ url }: TestGateway, payload: object): Promise<unknown> {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  try {
    for await (const result of client.iterate({ query: '', ...payload })) return result;
    return undefined;
  } catch (errors) {
    return { errors };
  } finally {
    await client.dispose();
  }
}

async function counted(gateway: TestGateway, name: string): Promise<Record<string, number>> {
  const page = await (await fetch(`http://127.0.0.1:${adminPorts.get(gateway)}/metrics`)).text();
  const lines = [...page.matchAll(new RegExp(`^${name}_total\\{.*?outcome="(\\w+)".*\\} (\\d+)`, 'gm'))];
  return Object.fromEntries(lines.map(([, outcome, count]) => [outcome, Number(count)]));
}

const persistedQuery = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: sha256(text) } } });
const codeOf = ({ status, body }: Answer): unknown => [status, body.errors?.[0]?.extensions.code];

describe('a listed document is executed', () => {
  const hello = { data: { hello: 'hello you' } };
  const variables = { name: 'you' };
  const id = sha256(LISTED);

  test('by its documentId, with its prefix and without', async () => {
    expect((await post(first, { documentId: `sha256:${id}`, variables })).body).toEqual(hello);
    expect((await post(first, { documentId: id, variables })).body).toEqual(hello);
    expect((await post(first, { documentId: 'custom-id' })).body).toEqual({ data: { hello: 'hello world' } });
  });

  test("by Apollo's extension", async () => {
    expect((await post(first, { ...persistedQuery(LISTED), variables })).body).toEqual(hello);
  });

  test('by a GET', async () => {
    const sent = { variables: JSON.stringify(variables) };
    expect((await get(first, { documentId: `sha256:${id}`, ...sent })).body).toEqual(hello);
    const extensions = JSON.stringify(persistedQuery(LISTED).extensions);
    expect((await get(first, { extensions, ...sent })).body).toEqual(hello);
  });

  test('in a batch, each on its own', async () => {
    const { body } = await post(first, [
      { documentId: id, variables },
      { documentId: 'nothing' },
      { query: '{ hello }' },
    ]);
    expect(body).toEqual([
      hello,
      { errors: [expect.objectContaining({ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } })] },
      { data: { hello: 'hello world' } },
    ]);
  });

  test('on a WebSocket', async () => {
    expect(await overWebSocket(first, { ...persistedQuery(LISTED), variables })).toEqual(hello);
    expect(await overWebSocket(first, { documentId: 'custom-id' })).toEqual({ data: { hello: 'hello world' } });
    expect(await overWebSocket(first, { documentId: 'nothing' })).toEqual({
      errors: [expect.objectContaining({ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } })],
    });
  });

  test('within the limits that it would have as a text', async () => {
    expect(codeOf(await post(first, { documentId: 'too-deep' }))).toEqual([400, 'OPERATION_TOO_COMPLEX']);
  });

  test('but no mutation by a GET', async () => {
    expect((await post(first, { documentId: 'greet' })).body).toEqual({ data: { greet: 'hello' } });
    expect((await get(first, { documentId: 'greet' })).status).toBe(405);
  });

  test('and a text beside it has to be its text', async () => {
    expect((await post(first, { documentId: id, query: LISTED, variables })).body).toEqual(hello);
    expect(codeOf(await post(first, { documentId: id, query: '{ hello }' }))).toEqual([
      400,
      'PERSISTED_QUERY_HASH_MISMATCH',
    ]);
  });

  test('from the cache by the front door, as others are', async () => {
    const { server } = await until('the front door to answer', async () => {
      await post(first, { documentId: 'custom-id' });
      const status = (await (await fetch(`http://127.0.0.1:${adminPorts.get(first)}/status`)).json()) as {
        server: { frontDoor: { answered: number } };
      };
      return status.server.frontDoor.answered > 0 && status;
    });
    expect(server.frontDoor.answered).toBeGreaterThan(0);
  });

  test('and other texts are executed too', async () => {
    expect((await post(first, { query: '{ hello(name: "me") }' })).body).toEqual({ data: { hello: 'hello me' } });
  });

  test('an unknown one is not found', async () => {
    expect(codeOf(await post(first, { documentId: 'nothing' }))).toEqual([404, 'PERSISTED_QUERY_NOT_FOUND']);
    expect(codeOf(await post(first, persistedQuery('{ hello }')))).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
    expect(codeOf(await get(first, { documentId: 'nothing' }))).toEqual([404, 'PERSISTED_QUERY_NOT_FOUND']);
  });

  test('what says nothing of a document is refused as ever', async () => {
    expect(codeOf(await post(first, {}))).toEqual([200, 'BAD_REQUEST']);
    expect(codeOf(await post(first, { documentId: 1 }))).toEqual([400, 'BAD_REQUEST']);
    const { body } = await post(first, [null, 1]);
    expect(body).toEqual([{ errors: [expect.anything()] }, { errors: [expect.anything()] }]);
  });
});

test('with mode "log", what is not listed is executed, counted, and logged once and without its text', async () => {
  const before = await counted(first, 'gatehouse_persisted_documents');
  const secret = '{ hello(name: "a secret") }';
  for (let time = 0; time < 5; time++) expect((await post(first, { query: secret })).status).toBe(200);
  expect((await post(first, { query: LISTED })).status).toBe(200);
  await until('the log', () => first.log().includes(sha256(secret)));
  expect(first.log().split(sha256(secret))).toHaveLength(2);
  expect(first.log()).not.toContain('a secret');
  const { would_refuse: unlisted = 0, listed = 0 } = await counted(first, 'gatehouse_persisted_documents');
  expect(unlisted - (before['would_refuse'] ?? 0)).toBe(5);
  expect(listed - (before['listed'] ?? 0)).toBe(1);
});

describe('documents that clients register by their hash', () => {
  test('Apollo Client is served: by the hash alone once the text is known', async () => {
    const bodies: { query?: string }[] = [];
    const ask = async (): Promise<unknown> => {
      const http = new HttpLink({
        uri: `${first.url}/graphql`,
        fetch: (url, init) => {
          bodies.push(JSON.parse(init?.body as string) as { query?: string });
          return fetch(url, init);
        },
      });
      const link = new PersistedQueryLink({ sha256: async (text: string) => sha256(text) }).concat(http);
      const client = new ApolloClient({ link, cache: new InMemoryCache() });
      const { data } = await client.query({ query: gql('query ByHash { hello(name: "apollo") }') });
      return data;
    };
    expect(await ask()).toEqual({ hello: 'hello apollo' });
    expect(bodies.map(({ query }) => query !== undefined)).toEqual([false, true]);
    expect(await ask()).toEqual({ hello: 'hello apollo' });
    expect(bodies.map(({ query }) => query !== undefined)).toEqual([false, true, false]);
  });

  test('other gateways know them too', async () => {
    const query = '{ hello(name: "shared") }';
    await post(first, { query, ...persistedQuery(query) });
    const store = connectRedis({ url: redis.url });
    const other = registeredDocuments({ store, ttlMs: 1_000, maxBytes: 1_000, onUnavailable: () => {} });
    await until('the other to know it', async () => (await other.find(sha256(query))) === query);
    await store.close();
  });

  test('on a WebSocket too', async () => {
    const query = print(gql('{ hello(name: "socket") }'));
    const unknown = { errors: [expect.objectContaining({ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } })] };
    expect(await overWebSocket(first, persistedQuery(query))).toEqual(unknown);
    expect(await overWebSocket(first, { query, ...persistedQuery(query) })).toHaveProperty('data');
    expect(await overWebSocket(first, persistedQuery(query))).toHaveProperty('data');
  });

  test('a text that is not of its hash is refused, and not registered', async () => {
    const sent = { query: '{ hello(name: "other") }', ...persistedQuery('{ hello(name: "wrong") }') };
    expect(codeOf(await post(first, sent))).toEqual([400, 'PERSISTED_QUERY_HASH_MISMATCH']);
    expect(codeOf(await post(first, persistedQuery('{ hello(name: "wrong") }')))).toEqual([
      200,
      'PERSISTED_QUERY_NOT_FOUND',
    ]);
  });

  test.each([
    ['is not valid', '{ nothing }'],
    ['is beyond the limits', TOO_DEEP],
    ['is too long', `{ hello(name: "${'x'.repeat(1_000)}") }`],
  ])('a document that %s is not registered', async (_, query) => {
    await post(first, { query, ...persistedQuery(query) });
    expect(codeOf(await post(first, persistedQuery(query)))).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
  });

  test('an answer that it is not found may not be kept by a cache', async () => {
    const extensions = JSON.stringify(persistedQuery('{ never }').extensions);
    expect((await get(first, { extensions })).headers.get('cache-control')).toContain('no-store');
  });

  test('without Redis they are not found, and nothing fails', async () => {
    const query = '{ hello(name: "late") }';
    redis.pause();
    try {
      const began = performance.now();
      expect(codeOf(await post(first, persistedQuery(query)))).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
      expect(performance.now() - began).toBeLessThan(1_000);
      expect((await post(first, { query, ...persistedQuery(query) })).body).toEqual({ data: { hello: 'hello late' } });
      // The gateway that it was registered with knows it all the same.
      expect((await post(first, persistedQuery(query))).body).toEqual({ data: { hello: 'hello late' } });
    } finally {
      redis.resume();
    }
  });
});

describe('with mode "only", nothing is executed but what is listed', () => {
  test('by its id, or by its text in any layout', async () => {
    expect((await post(strict, { documentId: 'custom-id' })).body).toEqual({ data: { hello: 'hello world' } });
    for (const query of [LISTED, LISTED.replaceAll(' ', '\n , '), `# Anything\n${LISTED}`]) {
      expect((await post(strict, { query })).body).toEqual({ data: { hello: 'hello world' } });
    }
  });

  test('no other text, and no other id, however they come', async () => {
    const refused = [403, 'PERSISTED_QUERY_NOT_IN_LIST'];
    const other = '{ hello(name: "me") }';
    expect(codeOf(await post(strict, { query: other }))).toEqual(refused);
    expect(codeOf(await post(strict, { query: other, ...persistedQuery(other) }))).toEqual(refused);
    expect(codeOf(await post(strict, persistedQuery(other)))).toEqual(refused);
    expect(codeOf(await post(strict, { documentId: 'nothing' }))).toEqual(refused);
    expect(codeOf(await get(strict, { query: other }))).toEqual(refused);
    expect(codeOf(await post(strict, { query: '{ __schema { types { name } } }' }))).toEqual(refused);
    expect(codeOf(await post(strict, { query: '{ hello' }))).toEqual(refused);
    expect(codeOf(await post(strict, { query: `${' '.repeat(300_000)}${LISTED}` }))).toEqual(refused);
    const code = { extensions: { code: 'PERSISTED_QUERY_NOT_IN_LIST' } };
    expect(await overWebSocket(strict, { query: other })).toEqual({ errors: [expect.objectContaining(code)] });
    const calls = subgraph.calls.length;
    await post(strict, [{ query: other }, { query: GREET.replace('Greet', 'Other') }]);
    expect(subgraph.calls.length).toBe(calls);
  });

  test('each is counted by what became of it', async () => {
    const count = await counted(strict, 'gatehouse_persisted_documents');
    expect(count['listed']).toBeGreaterThanOrEqual(4);
    expect(count['refused']).toBeGreaterThanOrEqual(8);
  });

  test('a changed list is in force at once; a wrong one is not, and is logged and counted', async () => {
    const added = '{ deep { hello } }';
    await list({ ...LISTED_DOCUMENTS, added });
    await until('the new document', async () => (await post(strict, { documentId: 'added' })).status === 200);

    // Even what the front door has answered many times.
    for (let time = 0; time < 5; time++) expect((await post(strict, { query: added })).status).toBe(200);
    await writeFile(manifest, '{ "half":');
    await until('the complaint', async () => {
      return (await counted(strict, 'gatehouse_persisted_documents_reloads'))['failure'];
    });
    expect(strict.log()).toContain('The list of documents stays as it was');
    expect((await post(strict, { query: added })).status).toBe(200);

    await list(LISTED_DOCUMENTS);
    await until('the document to go', async () => (await post(strict, { query: added })).status === 403);
  });
});
