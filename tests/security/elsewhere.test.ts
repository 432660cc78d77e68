import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';
import { signed } from '../webhooks/deliveries.ts';
import { onWire, requestText } from './wire.ts';

// Nobody but the operator says where the gateway connects to.

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

/** What nobody outside is to reach. */
let internal: Server;
let internalUrl: string;
let reached: string[] = [];
let subgraph: TestSubgraph;
let provider: IdentityProvider;
let gateway: TestGateway;

beforeAll(async () => {
  internal = createServer((request: IncomingMessage, response) => {
    reached.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json');
    response.end('{"data":{"one":1,"_service":{"sdl":"type Query { stolen: Int }"}},"keys":[]}');
  }).listen(0, '127.0.0.1');
  await once(internal, 'listening');
  internalUrl = `http://127.0.0.1:${(internal.address() as AddressInfo).port}`;
  const elsewhere = `
    extend schema @link(url: "${internalUrl}/link/v1.0")
    scalar Date @specifiedBy(url: "${internalUrl}/date")
    type Query { one(text: String): Int date: Date }
    type Mutation { change: Int }
    type Subscription { one: Int }
  `;
  [subgraph, provider] = await Promise.all([
    startSubgraph('one', federated(elsewhere), { Query: { one: () => 1 }, Mutation: { change: () => 1 } }),
    startIdentityProvider(),
  ]);
  const { jwksUri: JWKS_URI, issuer: JWT_ISSUER } = provider;
  const env = { WEBHOOK_SECRET, JWKS_URI, JWT_ISSUER, JWT_AUDIENCE: JWT_RESOURCE };
  gateway = await startGateway({ subgraphs: [subgraph], env });
});
afterAll(async () => {
  internal?.close();
  await Promise.all([gateway, subgraph, provider].map((server) => server?.[Symbol.asyncDispose]()));
});
beforeEach(() => {
  reached = [];
});
afterEach(() => subgraph.break(undefined));

const QUERY = '{ one }';

describe.each([301, 302, 303, 307, 308])(
  'a subgraph that sends the gateway elsewhere with %i is not followed',
  (status) => {
    let asked = 0;
    const elsewhere = (): void => {
      asked = 0;
      subgraph.break((_, response) => {
        asked++;
        response.writeHead(status, { location: `${internalUrl}/private` }).end();
      });
    };

    test.each([
      ['for a query', QUERY],
      ['for a mutation', 'mutation { change }'],
    ])('%s', async (_, query) => {
      elsewhere();
      const { errors } = await gateway.query(query);
      expect(errors?.[0]?.extensions?.['code']).toMatch(/^SUBGRAPH_/);
      expect(JSON.stringify(errors)).not.toContain('127.0.0.1');
      expect(reached).toEqual([]);
    });

    test('for a subscription, for its schema and for a probe', async () => {
      elsewhere();
      await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ query: 'subscription { one }' }),
      }).then((response) => response.text());
      await until('the schema to be asked for', () => asked > 2);
      expect(reached).toEqual([]);
    });
  },
);

describe('nothing that a client sends is a URL to the gateway', () => {
  const POST = 'POST /graphql HTTP/1.1';
  const body = (more: object): string => JSON.stringify({ query: QUERY, ...more });
  const post = (text: string, ...lines: readonly string[]): string =>
    requestText(
      POST,
      ['content-type: application/json', 'connection: close', `content-length: ${text.length}`, ...lines],
      text,
    );

  test('in a header, in extensions, in a variable or in a document', async () => {
    const url = `${internalUrl}/private`;
    const { host } = new URL(internalUrl);
    const callback = { subscription: { callbackUrl: url, subscriptionId: '1', verifier: 'v', heartbeatIntervalMs: 0 } };
    const requests = [
      post(body({ extensions: callback })),
      post(
        JSON.stringify({ query: 'subscription { one }', extensions: callback }),
        'accept: application/json;callbackSpec=1.0',
      ),
      post(body({ extensions: { persistedQuery: { version: 1, sha256Hash: url } }, documentId: url })),
      post(
        JSON.stringify({ query: `query ($u: String) @link(url: "${url}") { one(text: $u) }`, variables: { u: url } }),
      ),
      ...[
        'host',
        'x-forwarded-host',
        'forwarded',
        'x-original-url',
        'x-rewrite-url',
        'origin',
        'referer',
        'x-forwarded-for',
      ].map((name) =>
        post(body({}), `${name}: ${name === 'forwarded' ? `host=${host};proto=http` : name === 'host' ? host : url}`),
      ),
      `CONNECT ${host} HTTP/1.1\r\nhost: ${host}\r\n\r\n`,
      requestText(`GET ${url} HTTP/1.1`, ['connection: close']),
      requestText(`GET /graphql?query=${encodeURIComponent(QUERY)}&url=${url} HTTP/1.1`, ['connection: close']),
    ];
    for (const request of requests) await onWire(gateway, [request]);
    expect(reached).toEqual([]);
  });

  test('in a token: keys come from where the operator says', async () => {
    const at = { jku: `${internalUrl}/keys`, x5u: `${internalUrl}/cert` };
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { iss: internalUrl, aud: JWT_RESOURCE, sub: 'me', exp: 9_999_999_999, jwks_uri: at.jku };
    for (const iss of [internalUrl, provider.issuer]) {
      const token = `${part({ alg: 'RS256', kid: 'unknown', ...at })}.${part({ ...claims, iss })}.${part({})}`;
      const [answer] = await onWire(gateway, [post(body({}), `authorization: Bearer ${token}`)]);
      expect(answer?.status).toBe(401);
    }
    expect(reached).toEqual([]);
  });

  test('in a webhook: it names a subgraph, and no address', async () => {
    const told = [{ subgraph: 'one', url: internalUrl }, { subgraph: internalUrl }, { url: internalUrl }];
    for (const [at, named] of told.entries()) {
      const text = JSON.stringify(named);
      const headers = signed({ id: `msg_${at}`, body: text, secret: WEBHOOK_SECRET });
      const { status } = await fetch(`${gateway.url}/webhooks/schema`, { method: 'POST', headers, body: text });
      expect([202, 204, 200, 400, 404]).toContain(status);
    }
    expect(reached).toEqual([]);
  });

  test('nor is one that a subgraph’s schema names', async () => {
    const calls = subgraph.schemaRequests();
    await until('the schema to be read again', () => subgraph.schemaRequests() > calls + 1);
    expect(reached).toEqual([]);
  });
});

describe('an answer is read to its limit, however small it was made', () => {
  /** 40 MiB of spaces; the limit is 32. */
  const BOMB = Buffer.concat([
    Buffer.from('{"data":'),
    Buffer.alloc(40 * 1024 * 1024, 0x20),
    Buffer.from('{"one":1}}'),
  ]);
  const BOMBS: readonly (readonly [string, Buffer])[] = [
    ['gzip', gzipSync(BOMB)],
    ['deflate', deflateSync(BOMB)],
    ['br', brotliCompressSync(BOMB, { params: { 1: 1 } })],
    ['gzip, gzip', gzipSync(gzipSync(BOMB))],
  ];

  test.each(BOMBS)('%s', async (encoding, bytes) => {
    expect(bytes.length).toBeLessThan(1_000_000);
    subgraph.break((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding }).end(bytes),
    );
    const before = await residentBytes();
    for (let at = 0; at < 2; at++) {
      const { errors } = await gateway.query(QUERY);
      expect(errors?.[0]?.extensions?.['code']).toMatch(/^SUBGRAPH_/);
    }
    // Its schema is asked for in the meantime, and answered the same.
    expect((await residentBytes()) - before).toBeLessThan(300 * 1024 * 1024);
  });

  test.each(['gzip', 'deflate', 'br', 'zstd', 'x'])(
    'a request in %s is refused before it is read',
    async (encoding) => {
      const small = gzipSync(JSON.stringify({ query: QUERY }));
      const calls = subgraph.calls.length;
      const head = requestText('POST /graphql HTTP/1.1', [
        'content-type: application/json',
        `content-encoding: ${encoding}`,
        `content-length: ${small.length}`,
        'connection: close',
      ]);
      const [answer] = await onWire(gateway, [Buffer.concat([Buffer.from(head), small])]);
      expect([400, 415]).toContain(answer?.status);
      expect(subgraph.calls).toHaveLength(calls);
    },
  );
});

/** Of the gateway. */
async function residentBytes(): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}
