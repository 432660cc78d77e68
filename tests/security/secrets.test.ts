import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../telemetry/otlp-receiver.ts';
import { canaries } from './canaries.ts';

// Whatever a client sends, and wherever it puts it: none of it is found where the gateway tells of what it does.

const SDL = federated(`
  type Query {
    item(id: ID, text: String, number: Int, color: Color, input: Filter, list: [String!]): Item
    failing(text: String): String
    away(text: String): Item
  }
  type Mutation { change(text: String!, input: Filter): Item }
  type Item @key(fields: "id") { id: ID! name: String }
  input Filter { text: String, number: Int, inner: Filter, list: [Filter!] }
  enum Color { RED GREEN }
`);
const ITEM = { id: '1', name: 'a thing' };

const { at, foundIn } = canaries();
const responses: { readonly kind: string; readonly text: string }[] = [];
const started: AsyncDisposable[] = [];
let things: TestSubgraph;
let redis: RedisServer;
let provider: IdentityProvider;
let receiver: OtlpReceiver;
let gateway: TestGateway;
let adminPort: number;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-secrets-'));
  const auditFile = join(directory, 'audit.jsonl');
  [things, redis, provider, receiver, adminPort] = await Promise.all([
    startSubgraph('things', SDL, {
      Query: { item: () => ITEM, failing: () => Promise.reject(new Error('it is broken')) },
      Mutation: { change: () => ITEM },
    }),
    startRedis(),
    startIdentityProvider(),
    startOtlpReceiver(),
    freePort(),
  ]);
  started.push(things, provider, receiver);
  gateway = await startGateway({
    subgraphs: [things],
    config: new URL('../telemetry/gateway.config.ts', import.meta.url).pathname,
    env: {
      REDIS_URL: redis.url,
      ADMIN_PORT: String(adminPort),
      JWKS_URI: provider.jwksUri,
      JWT_ISSUER: provider.issuer,
      JWT_AUDIENCE: JWT_RESOURCE,
      INTROSPECTION_ENDPOINT: provider.introspectionEndpoint,
      INTROSPECTION_CLIENT_ID: provider.client.id,
      INTROSPECTION_CLIENT_SECRET: provider.client.secret,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      TELEMETRY: JSON.stringify({ ratio: 1, resolvers: 1 }),
      AUDIT_FILE: auditFile,
      AUDIT_SIGNING_KEY: generateKeyPairSync('ed25519')
        .privateKey.export({ type: 'pkcs8', format: 'der' })
        .toString('base64'),
    },
  });
  started.push(gateway);
});

afterAll(async () => {
  for (const one of started.toReversed()) await one[Symbol.asyncDispose]();
  await redis?.close();
  await rm(directory, { recursive: true, force: true });
});

const HEADERS = (): Record<string, string> => ({
  'content-type': 'application/json',
  accept: `application/graphql-response+json, application/json, text/plain;${at('accept')}=1`,
  'user-agent': at('user-agent'),
  cookie: `session=${at('cookie')}`,
  origin: `https://${at('origin')}.example`,
  referer: `https://example.com/${at('referer')}`,
  'x-custom': at('header'),
  [at('header name')]: '1',
  'apollographql-client-name': at('client name'),
  tracestate: `a=${at('tracestate')}`,
  baggage: `a=${at('baggage')}`,
  'x-forwarded-host': `${at('forwarded host')}.example`,
});

async function post(
  kind: string,
  body: unknown,
  headers: Record<string, string> = {},
  path = '/graphql',
): Promise<void> {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { ...HEADERS(), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  responses.push({ kind, text: `${JSON.stringify(headersOf(response))} ${await response.text()}` });
}

const variables = () => ({
  text: at('variable'),
  [at('variable name')]: at('named variable'),
  input: { text: at('input field'), inner: { text: at('nested input') }, list: [{ text: at('input in a list') }] },
  list: [at('list item')],
  [at('undeclared variable')]: at('undeclared value'),
});
const named = (rest: string): string => `query ${at('operation name')}${rest}`;
const DECLARED = (): string => `($text: String, $input: Filter, $list: [String!], $${at('variable name')}: ID)`;
const USED = `${at('alias')}: item(id: $${at('variable name')}, text: $text, input: $input, list: $list) { ${at('field alias')}: name }`;
const extensions = () => ({ other: at('extension'), [at('extension name')]: 1 });

async function overHttp(): Promise<void> {
  const query = named(`${DECLARED()} { ${USED} }`);
  for (let times = 0; times < 3; times++)
    await post('success', { query, variables: variables(), extensions: extensions() });
  await post('literals', {
    query: `{ ${at('alias')}: item(text: "${at('literal')}", input: { text: """${at('block')}""" }) { name } }`,
  });
  await post('mutation', {
    query: `mutation ${at('mutation name')}($text: String!) { ${at('alias')}: change(text: $text, input: { text: "${at('literal')}" }) { name } }`,
    variables: { text: at('mutation variable') },
  });
  await post('subgraph error', {
    query: named('($text: String) { failing(text: $text) }'),
    variables: { text: at('failing') },
  });
  await post('wrong variable', {
    query: `query ($number: Int) { item(number: $number) { name } }`,
    variables: { number: at('wrong variable') },
  });
  await post('wrong nested variable', {
    query: `query ($input: Filter) { item(input: $input) { name } }`,
    variables: { input: { inner: { number: at('wrong nested') } } },
  });
  await post('unknown input field', {
    query: `query ($input: Filter) { item(input: $input) { name } }`,
    variables: { input: { [at('unknown input field')]: 1 } },
  });
  await post('wrong literal', { query: `{ item(number: "${at('wrong literal')}") { name } }` });
  await post('wrong enum', { query: `{ item(color: ${at('wrong enum')}) { name } }` });
  await post('wrong object', { query: `{ item(input: { number: "${at('wrong object literal')}" }) { name } }` });
  await post('syntax', { query: `{ item(text: "${at('unterminated')}` });
  await post('syntax in a name', { query: `query ${at('operation name')} ${at('syntax')} { item { name } }` });
  await post('conflict', { query: `{ ${at('alias')}: item { name } ${at('alias')}: failing }` });
  await post('unknown operation', { query: 'query A { item { name } }', operationName: at('unknown operation') });
  await post('two of a name', { query: `${named('{ item { name } }')} ${named('{ item { name } }')}` });
  await post('unused variable', { query: named('($text: String) { item { name } }'), variables: variables() });
  await post('undeclared variable', { query: named('{ item(text: $missing) { name } }') });
  await post('broken body', `{"query": "${at('broken body')}`);
  await post('no query', { query: { [at('query key')]: at('query value') } });
  await post('persisted', { extensions: { persistedQuery: { version: 1, sha256Hash: at('persisted') } } });
  await post('another content type', at('raw body'), { 'content-type': `text/${at('content type')}` });
  await post('another path', '{}', {}, `/${at('path')}?q=${at('query string')}`);
  await post('a wrong token', { query: '{ item { name } }' }, { authorization: `Bearer ${at('token')}` });
  await post(
    'a token like a JWT',
    { query: '{ item { name } }' },
    { authorization: `Bearer eyJhbGciOiJub25lIn0.${at('jwt')}.${at('jwt')}` },
  );
  await post('an API key', { query: '{ item { name } }' }, { 'x-api-key': at('api key') });
  await post(
    'another scheme',
    { query: '{ item { name } }' },
    { authorization: `${at('scheme')} ${at('credential')}` },
  );
  const jwt = await provider.sign({ sub: 'somebody', note: at('claim') });
  await post('with claims', { query, variables: variables() }, { authorization: `Bearer ${jwt}` });
  const get = await fetch(
    `${gateway.url}/graphql?query=${encodeURIComponent(query)}&variables=${encodeURIComponent(JSON.stringify(variables()))}&extra=${at('query string')}`,
    { headers: HEADERS() },
  );
  responses.push({ kind: 'GET', text: await get.text() });
  things.break((_, response) => void response.writeHead(500).end('no'));
  await post('a broken subgraph', {
    query: named('($text: String) { away(text: $text) { id } }'),
    variables: { text: at('to a broken subgraph') },
  });
  things.break((request) => request.socket.destroy());
  await post('a subgraph away', {
    query: named('($text: String) { away(text: $text) { id } }'),
    variables: { text: at('to a subgraph away') },
  });
  things.break(undefined);
}

async function overWebSocket(): Promise<void> {
  const url = `${gateway.url.replace('http', 'ws')}/graphql?${at('socket query string')}`;
  class Socket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols, { headers: { 'x-custom': at('upgrade header') } });
    }
  }
  const client = createClient({
    url,
    webSocketImpl: Socket,
    connectionParams: { other: at('connection parameter'), [at('connection parameter name')]: 1 },
  });
  const run = (payload: Parameters<typeof client.subscribe>[0]): Promise<void> =>
    new Promise((resolve) => {
      const done = (outcome: unknown): void => {
        responses.push({ kind: 'over a WebSocket', text: JSON.stringify(outcome) });
        resolve();
      };
      client.subscribe(payload, { next: done, error: done, complete: () => resolve() });
    });
  await run({ query: named(`${DECLARED()} { ${USED} }`), variables: variables(), extensions: extensions() });
  await run({ query: '{ item(number: 1) { nothing } }', operationName: at('socket operation') });
  await run({
    query: 'query ($number: Int) { item(number: $number) { name } }',
    variables: { number: at('socket variable') },
  });
  await client.dispose();
  const refused = new WebSocket(url, 'graphql-transport-ws');
  await once(refused, 'open');
  refused.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${at('socket token')}` } }));
  const [, reason] = (await once(refused, 'close')) as [number, Buffer];
  responses.push({ kind: 'a refused WebSocket', text: reason.toString() });
  const broken = new WebSocket(url, 'graphql-transport-ws');
  await once(broken, 'open');
  broken.send(`{"type":"${at('message type')}","id":"${at('message id')}"}`);
  const [, why] = (await once(broken, 'close')) as [number, Buffer];
  responses.push({ kind: 'a broken WebSocket', text: why.toString() });
}

test('nothing that a client sends is found where the gateway tells of what it does', async () => {
  await overHttp();
  await overWebSocket();
  const metrics = await (
    await fetch(`http://127.0.0.1:${adminPort}/metrics`, { headers: { accept: 'application/openmetrics-text' } })
  ).text();
  const status = await (await fetch(`http://127.0.0.1:${adminPort}/status`)).text();
  const client = new Redis(redis.url);
  await gateway.stop();
  const keys = await client.keys('*');
  const entries: unknown[] = [];
  for (const key of keys) {
    if ((await client.type(key)) === 'stream') entries.push(...(await client.xrange(key, '-', '+')));
  }
  client.disconnect();
  const file = await readFile(join(directory, 'audit.jsonl'), 'utf8');

  const told = {
    log: gateway.log(),
    metrics,
    status,
    'Redis keys': keys.join(' '),
    'Redis stream': JSON.stringify(entries),
    'audit file': file,
  };
  const exported = { traces: receiver.spans(), 'metrics by OTLP': receiver.metrics(), 'log by OTLP': receiver.logs() };
  for (const [where, text] of Object.entries(told)) expect(text.length, where).toBeGreaterThan(100);
  for (const [where, items] of Object.entries(exported)) expect(items.length, where).toBeGreaterThan(10);
  const all = [
    ...Object.entries(told),
    ...Object.entries(exported).map(([where, items]) => [where, JSON.stringify(items)] as const),
    ...responses.map(({ kind, text }) => [`the response to: ${kind}`, withoutKeys(text)] as const),
  ];
  const found = all.map(([where, text]) => [where, foundIn(text)] as const).filter(([, places]) => places.length > 0);
  expect(Object.fromEntries(found)).toEqual({});
});

/** Browsers have to be told which origin is allowed. */
function headersOf({ headers }: Response): readonly (readonly [string, string])[] {
  return [...headers].filter(([name]) => name !== 'access-control-allow-origin');
}

/** Response keys are the client's own names for what it asked for: data and paths have them, by the specification. */
function withoutKeys(text: string): string {
  const allowed = [at('alias'), at('field alias')];
  return allowed.reduce((rest, key) => rest.replaceAll(`"${key}":`, '').replaceAll(/"path":\[[^\]]*\]/g, ''), text);
}
