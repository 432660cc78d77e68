import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemoSubgraphs, type RunningDemo } from '../../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';
import { freePort } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';

const QUERIES = new URL('../../../subgraphs/queries/', import.meta.url);
const SECRET = Buffer.from('a secret of the front door').toString('base64');

let demo: RunningDemo;
let provider: IdentityProvider;
let gateway: TestGateway;
let adminPort: number;
beforeAll(async () => {
  [demo, provider, adminPort] = await Promise.all([
    startDemoSubgraphs({ ports: 'free' }),
    startIdentityProvider(),
    freePort(),
  ]);
  gateway = await startGateway({
    subgraphs: demo.subgraphs,
    config: new URL('gateway.config.ts', import.meta.url).pathname,
    env: {
      PROGRESSIVE_OVERRIDE_RNG: '0.5',
      ADMIN_PORT: String(adminPort),
      WEBHOOK_SECRET: SECRET,
      JWKS_URI: provider.jwksUri,
      JWT_ISSUER: provider.issuer,
      JWT_AUDIENCE: JWT_RESOURCE,
    },
  });
}, 90_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
  await demo?.close();
});

interface Sent {
  readonly method?: 'GET' | 'POST';
  readonly query: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `chunked`: the front door leaves it to the pipeline. */
async function send({ method = 'POST', query, headers = {} }: Sent, by: 'front door' | 'pipeline'): Promise<Answer> {
  const body = JSON.stringify({ query });
  const path = method === 'GET' ? `/graphql?query=${encodeURIComponent(query)}` : '/graphql';
  const outgoing = httpRequest(gateway.url + path, { method, headers: { ...headers } });
  if (method === 'POST') outgoing.setHeader('content-type', 'application/json');
  if (by === 'front door' && method === 'POST') outgoing.setHeader('content-length', Buffer.byteLength(body));
  if (by === 'pipeline' && method === 'GET') outgoing.setHeader('cache-control', 'max-stale');
  outgoing.end(method === 'POST' ? body : undefined);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

async function answeredByFrontDoor(): Promise<number> {
  const { server } = (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as {
    server: { frontDoor: { answered: number } };
  };
  return server.frontDoor.answered;
}

/** What is not the same for any two. */
function comparable({ status, headers, body }: Answer): object {
  const { date: _, 'x-request-id': id, age = '', 'cache-status': cacheStatus = '', ratelimit = '', ...rest } = headers;
  return {
    status,
    body,
    headers: {
      ...rest,
      'x-request-id': typeof id,
      age: age.replace(/\d+/, 'N'),
      'cache-status': String(cacheStatus).replace(/ttl=\d+/, 'ttl=N'),
      ratelimit: String(ratelimit).replaceAll(/([rt])=\d+/g, '$1=N'),
    },
  };
}

const documents = readdirSync(QUERIES)
  .map((file) => [file, readFileSync(new URL(file, QUERIES), 'utf8')] as const)
  .filter(([, query]) => !/^\s*(mutation|subscription)/m.test(query));

describe('the front door and the pipeline give the same answer, headers included:', () => {
  const variants: readonly (readonly [string, () => Promise<Omit<Sent, 'query'>>])[] = [
    ['a plain POST', async () => ({})],
    ['a GET', async () => ({ method: 'GET' })],
    ['a browser on another site', async () => ({ headers: { origin: 'https://app.example' } })],
    ['application/graphql-response+json', async () => ({ headers: { accept: 'application/graphql-response+json' } })],
    ['a user', async () => ({ headers: { authorization: `Bearer ${await provider.sign({ sub: 'somebody' })}` } })],
    ['a user with scopes', async () => ({ headers: { authorization: `Bearer ${await provider.jwt('admin')}` } })],
    ['a client that knows it', async () => ({ headers: { 'if-none-match': '*' } })],
    ['a request id', async () => ({ headers: { 'x-request-id': 'mine' } })],
  ];
  test.each(variants)('%s', async (_, variant) => {
    const how = await variant();
    let atDoor = 0;
    for (const [file, query] of documents) {
      const sent = { ...how, query };
      await send(sent, 'front door');
      // The first answer of an operation is stored, and that is remembered when it was sent.
      const before = await answeredByFrontDoor();
      await until(
        `${file} to be answered alike`,
        async () => {
          const answer = await send(sent, 'front door');
          const fromPipeline = await send(sent, 'pipeline');
          // Some are kept for no more than a few seconds, and one of the two may have come too late.
          const areHits = [answer, fromPipeline].map(({ headers }) =>
            String(headers['cache-status']).includes('; ttl='),
          );
          if (areHits[0] !== areHits[1]) return false;
          expect(comparable(answer), file).toEqual(comparable(fromPipeline));
          return !areHits[0] || (await answeredByFrontDoor()) > before;
        },
        5_000,
      );
      if ((await answeredByFrontDoor()) > before) atDoor++;
    }
    expect(atDoor).toBeGreaterThan(documents.length / 2);
  });
});

async function throughDoor(sent: Sent): Promise<Answer> {
  const before = await answeredByFrontDoor();
  return until('the front door to answer', async () => {
    const answer = await send(sent, 'front door');
    return (await answeredByFrontDoor()) > before ? answer : undefined;
  });
}

test('it takes tokens like any other, and what is beyond the limits is refused', async () => {
  const sent = { query: 'query Few { users(first: 1) { username } }' };
  const { headers } = await throughDoor(sent);
  expect(headers['ratelimit']).toMatch(/"few";r=[0-3];/);
  const left = Number(/"few";r=(\d)/.exec(String(headers['ratelimit']))?.[1]);
  for (let i = 0; i < left; i++) expect((await send(sent, 'front door')).status).toBe(200);
  expect((await send(sent, 'front door')).status).toBe(429);
});

test('what is invalidated is not answered any more', async () => {
  const sent = { query: '{ product(upc: "7") { upc price } }' };
  await throughDoor(sent);
  const body = JSON.stringify({ invalidate: [{ kind: 'entity', type: 'Product', key: { upc: '7' } }] });
  const [id, now] = [`front-door-${Math.random()}`, new Date()];
  const signature = new Webhook(SECRET).sign(id, now, body);
  const invalidated = await fetch(`${gateway.url}/webhooks/cache`, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signature,
    },
    body,
  });
  expect(invalidated.status).toBe(200);
  expect((await send(sent, 'front door')).headers['cache-status']).toContain('fwd=miss');
});

test('a credential that has run out is not answered any more', async () => {
  // Less than the leeway of five seconds is left of it.
  const exp = Math.floor(Date.now() / 1000) - 3;
  const sent = {
    query: '{ products(first: 2) { upc } }',
    headers: { authorization: `Bearer ${await provider.sign({ sub: 'somebody', exp })}` },
  };
  expect((await throughDoor(sent)).status).toBe(200);
  await until('it to run out', async () => (await send(sent, 'front door')).status === 401, 10_000);
});

test('a header on which answers depend tells requests apart', async () => {
  const sent = { query: '{ products(first: 5) { upc } }', headers: { 'user-agent': 'one' } };
  expect((await throughDoor(sent)).headers['vary']).toContain('user-agent');
  const other = await send({ ...sent, headers: { 'user-agent': 'other' } }, 'front door');
  expect(other.headers['cache-status']).toContain('fwd=miss');
});

test('nobody gets what was answered to someone else', async () => {
  const query = '{ products(first: 3) { upc price } }';
  const known = await provider.sign({ sub: 'somebody' });
  await throughDoor({ query, headers: { authorization: `Bearer ${known}` } });
  const forged = `${known.slice(0, -3)}${known.endsWith('AAA') ? 'BBB' : 'AAA'}`;
  expect((await send({ query, headers: { authorization: `Bearer ${forged}` } }, 'front door')).status).toBe(401);
});

test.each([
  ['a body that is no JSON', '{"query":', 400],
  ['a body in UTF-8 that comes in parts', JSON.stringify({ query: '{ products(first: 1) { upc } } # ünï' }), 200],
])('%s is answered by the pipeline', async (_, body, status) => {
  const outgoing = httpRequest(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  });
  const bytes = Buffer.from(body);
  outgoing.write(bytes.subarray(0, bytes.length - 3));
  await new Promise(setImmediate);
  outgoing.end(bytes.subarray(bytes.length - 3));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  await text(response);
  expect(response.statusCode).toBe(status);
});
