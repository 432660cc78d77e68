import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpLimits } from '../../plugins/server/http-limits.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';

// The repository's own configuration, with nothing in the environment.

let subgraph: TestSubgraph;
let gateway: TestGateway;
beforeAll(async () => {
  subgraph = await startSubgraph(
    'tree',
    federated(
      'type Query { tree: Tree secretly(password: String): Int } type Mutation { grow: Int } type Tree { leaf: Int tree: Tree }',
    ),
    { Query: { tree: () => ({ leaf: 1, tree: { leaf: 2 } }) }, Mutation: { grow: () => 1 } },
  );
  gateway = await startGateway({ subgraphs: [subgraph] });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

const JSON_TYPE = { 'content-type': 'application/json' };
const send = (body: unknown, headers: Readonly<Record<string, string>> = JSON_TYPE): Promise<Response> =>
  fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });

/** Nobody asked a subgraph anything. */
async function expectRefused(response: Promise<Response>, status: number): Promise<string> {
  const calls = subgraph.calls.length;
  const { status: actual, ...rest } = await response.then(async (one) => ({
    status: one.status,
    text: await one.text(),
  }));
  expect([actual, rest.text]).toEqual([status, expect.any(String)]);
  expect(subgraph.calls).toHaveLength(calls);
  return rest.text;
}

describe('nobody without a credential learns the schema', () => {
  test.each([
    '{ __schema { types { name } } }',
    '{ __type(name: "Tree") { fields { name } } }',
    '{ a: __schema { b: queryType { name } } }',
    'query { ...F } fragment F on Query { __schema { directives { name } } }',
    'query ($on: Boolean = false) { tree { leaf } __schema @include(if: $on) { types { name } } }',
    '{ ... on Query { ... { __type(name: "Query") { kind } } } }',
  ])('by introspection: %s', async (query) => {
    expect(await expectRefused(send({ query }), 401)).not.toMatch(/Tree|leaf/);
  });

  test.each([
    '{ tre }',
    '{ tree { lea } }',
    '{ secretly(passwor: "a") }',
    '{ secretly(password: 1) }',
    'query ($a: Tre) { tree { leaf } }',
    '{ ... on Tre { leaf } }',
  ])('by what an error suggests: %s', async (query) => {
    const text = await (await send({ query })).text();
    expect(text).not.toMatch(/Did you mean|Tree|"tree"|"leaf"|password\b(?!r)/);
  });

  test.each(['/graphql', '/', '/graphql?query={tree{leaf}}'])('by a page: %s', async (path) => {
    const response = await fetch(gateway.url + path, { headers: { accept: 'text/html' } });
    expect(response.headers.get('content-type') ?? '').not.toContain('html');
    expect(await response.text()).not.toMatch(/graphiql|Hive Gateway|Yoga/i);
  });

  test('by what the gateway says of itself', async () => {
    const response = await send({ query: '{ tree { leaf } }' });
    expect([...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')).not.toMatch(
      /server:|x-powered-by|hive|yoga|127\.0\.0\.1/i,
    );
    for (const path of ['/metrics', '/status', '/sdl', '/schema', '/.env', '/supergraph']) {
      expect(await gateway.status(path)).toBe(404);
    }
  });
});

describe('an operation has a size', () => {
  test.each<[string, string]>([
    ['deep', `{ ${'tree { '.repeat(40)}leaf${' }'.repeat(40)} }`],
    ['of many fields', `{ tree { ${Array.from({ length: 3_000 }, (_, at) => `f${at}: leaf`).join(' ')} } }`],
    [
      'of many aliases of one field',
      `{ ${Array.from({ length: 300 }, (_, at) => `a${at}: tree { leaf }`).join(' ')} }`,
    ],
    ['of many tokens', `{ ${'tree { leaf } '.repeat(20_000)} }`],
    ['of many directives', `{ tree ${'@include(if: true) '.repeat(20_000)} { leaf } }`],
    [
      'of fragments in fragments',
      `{ ...F0 } ${Array.from({ length: 30 }, (_, at) => `fragment F${at} on Query { ...F${at + 1} ...F${at + 1} }`).join(' ')} fragment F30 on Query { tree { leaf } }`,
    ],
    ['of fragments in a circle', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'],
    ['of objects in objects', `{ secretly(password: ${'{a:'.repeat(3_000)}1${'}'.repeat(3_000)}) }`],
    [
      'of brackets in brackets, among strings with others',
      `{ secretly(password: ${'["}]) \\\\" """}]\\\\""" """ '.repeat(2_000)}`,
    ],
    ['of types in types', `query ($a: ${'['.repeat(6_000)}Int${']'.repeat(6_000)}) { tree { leaf } }`],
    ['of selections in selections', '{tree'.repeat(4_000) + '}'.repeat(4_000)],
    ['of values in values', `{ secretly(password: ${'['.repeat(20_000)}1${']'.repeat(20_000)}) }`],
  ])('%s: it is refused, at once', async (_, query) => {
    const start = performance.now();
    const calls = subgraph.calls.length;
    const response = await send({ query });
    const { errors } = (await response.json()) as { errors?: unknown[] };
    expect(response.status).toBeLessThan(500);
    expect(errors?.length).toBeGreaterThan(0);
    expect(subgraph.calls).toHaveLength(calls);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  test('and there is one in a request', async () => {
    const text = await expectRefused(send([{ query: '{ tree { leaf } }' }, { query: '{ tree { leaf } }' }]), 400);
    expect(text).toContain('Batching is not supported');
  });
});

describe('a page of another site gets nothing done', () => {
  const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };

  test.each<[string, Readonly<Record<string, string>>]>([
    ['as text', { 'content-type': 'text/plain' }],
    ['as a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['as a form with files', { 'content-type': 'multipart/form-data; boundary=a' }],
    ['of no type', {}],
  ])('%s', async (_, headers) => {
    await expectRefused(send({ query: 'mutation { grow }' }, { ...evil, ...headers }), 403);
  });

  test('by GET, nor is it told what the gateway answers', async () => {
    const get = fetch(`${gateway.url}/graphql?query=${encodeURIComponent('{ tree { leaf } }')}`, { headers: evil });
    expect((await get).headers.get('access-control-allow-origin')).toBeNull();
    await expectRefused(
      get.then((one) => one.clone()),
      403,
    );
    const preflight = await fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: { ...evil, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });
});

test('what a client may take of the server is bounded without any option, as the reference says', () => {
  expect(httpLimits({})).toEqual({
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    socketTimeout: 120_000,
    maxBodyBytes: 1_048_576,
  });
});

test('an idle connection is kept for longer than load balancers keep theirs, so that no request meets its end', async () => {
  const { headers } = await send({ query: '{ tree { leaf } }' });
  const [, seconds = '0'] = /^timeout=(\d+)$/.exec(headers.get('keep-alive') ?? '') ?? [];
  expect(Number(seconds)).toBeGreaterThan(60);
});
