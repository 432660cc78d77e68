import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { until } from '../../harness/until.ts';
import { ask } from './ask.ts';

const SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { value: Value kept: Value mine: Value }
  type Value { count: Int language: String }
`;

let server: Server;
let provider: IdentityProvider;
let gateway: TestGateway;
/** How often the subgraph was asked, and how it answers. */
let count = 0;
let headers: Record<string, string> = {};
let fails = false;

async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
  const { query } = JSON.parse((await text(request)) || '{}') as { query?: string };
  if (query?.includes('_service')) return { status: 200, body: { data: { _service: { sdl: SDL } } } };
  if (!query?.includes('count')) return { status: 200, body: { data: { __typename: 'Query' } } };
  count++;
  if (fails) return { status: 500, body: {} };
  const [field = ''] = /value|kept|mine/.exec(query) ?? [];
  const language = request.headers['accept-language'] ?? null;
  return { status: 200, body: { data: { [field]: { count, language } } } };
}

beforeAll(async () => {
  server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  provider = await startIdentityProvider();
  gateway = await startGateway({
    subgraphs: [{ name: 'values', url: `http://127.0.0.1:${port}/graphql` }],
    config: new URL('gateway.config.ts', import.meta.url).pathname,
    env: {
      CACHING: JSON.stringify({
        vary: ['accept-language'],
        staleWhileRevalidate: 2,
        staleIfError: 600,
        hints: { 'Query.kept': { maxAge: 1 }, 'Query.mine': { maxAge: 600, scope: 'PRIVATE' } },
      }),
      JWKS_URI: provider.jwksUri,
      JWT_ISSUER: provider.issuer,
      JWT_AUDIENCE: JWT_RESOURCE,
    },
  });
}, 60_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
  server?.closeAllConnections();
  server?.close();
});
beforeEach(() => {
  headers = {};
  fails = false;
});

let names = 0;
/** Another query than all before, for what the cache remembers of those. */
const query = (field: string): string => `query Q${++names} { ${field} { count language a${names}: count } }`;

describe('what a subgraph says of its answer', () => {
  test('is how long it is kept', async () => {
    headers = { 'cache-control': 'max-age=100', age: '40' };
    const asked = query('value');
    const first = await ask(gateway, asked);
    expect(first.headers.get('cache-control')).toMatch(/^max-age=(59|60), public$/);
    expect((await ask(gateway, asked)).body).toEqual(first.body);
  });

  test.each([
    ['no-store', {}],
    ['max-age=0', {}],
    ['max-age=100', { vary: 'cookie' }],
    ['max-age=100, private', {}],
  ])('%s: nothing is kept for everybody, %j', async (cacheControl, more) => {
    headers = { 'cache-control': cacheControl, ...more };
    const asked = query('value');
    const [first, second, third] = [await ask(gateway, asked), await ask(gateway, asked), await ask(gateway, asked)];
    expect(new Set([first, second, third].map(({ text: body }) => body)).size).toBe(3);
    expect(third.headers.get('cache-control')).toBe('no-store');
  });

  test('is no longer than a hint says', async () => {
    headers = { 'cache-control': 'max-age=100' };
    expect((await ask(gateway, query('kept'))).headers.get('cache-control')).toBe('max-age=1, public');
  });

  test('private is kept for each caller apart', async () => {
    headers = { 'cache-control': 'max-age=100, private' };
    await keptApart('value');
  });
});

async function keptApart(field: string): Promise<void> {
  const asked = query(field);
  const as = async (sub: string) =>
    ask(gateway, asked, {}, { authorization: `Bearer ${await provider.sign({ sub, tenant: 't' })}` });
  // What is private is known with its first answer at the latest.
  await as('one');
  const one = await until('it to be kept', async () => {
    const [first, second] = [await as('one'), await as('one')];
    return first.text === second.text && first;
  });
  expect(one.headers.get('cache-control')).toMatch(/, private$/);
  const other = await as('other');
  expect(other.text).not.toBe(one.text);
  expect((await as('one')).text).toBe(one.text);
  expect((await ask(gateway, asked)).text).not.toBe(one.text);
}

test('a PRIVATE hint keeps it for each caller apart, whatever token they come with', async () => {
  await keptApart('mine');
});

test('a header that subgraphs get to see tells answers apart', async () => {
  headers = { 'cache-control': 'max-age=100', vary: 'Accept-Language' };
  const asked = query('value');
  const speaks = (language: string) => ask(gateway, asked, {}, { 'accept-language': language });
  expect((await speaks('de')).body.data?.['value'].language).toBe('de');
  expect((await speaks('en')).body.data?.['value'].language).toBe('en');
  const again = await speaks('de');
  expect(again.headers.get('cache-status')).toContain('hit');
  expect(again.headers.get('vary')).toBe('Authorization, X-API-Key, accept-language');
});

test('what has ended is served at once, and fetched anew for who comes later', async () => {
  const asked = query('kept');
  const first = await ask(gateway, asked);
  const stale = await until('it to have ended', async () => {
    const answered = await ask(gateway, asked);
    return answered.headers.get('cache-status')?.includes('ttl=-') && answered;
  });
  expect(stale.body).toEqual(first.body);
  await until('another one', async () => (await ask(gateway, asked)).text !== first.text);
});

test('when the subgraph fails, what has ended is served, and nothing is made of it', async () => {
  const asked = query('kept');
  const first = await ask(gateway, asked);
  fails = true;
  // One second, and two in which it is served while it is fetched anew.
  const end = performance.now() + 3_500;
  await until('these to be over', async () => {
    expect((await ask(gateway, asked)).body).toEqual(first.body);
    return performance.now() > end;
  });
  fails = false;
  await until('another one', async () => (await ask(gateway, asked)).text !== first.text);
});

test('what never was there is an error', async () => {
  fails = true;
  expect((await ask(gateway, query('kept'))).body.errors).toMatchObject([{ extensions: { service: 'values' } }]);
});
