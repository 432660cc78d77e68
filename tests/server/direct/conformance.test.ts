import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemoSubgraphs, type RunningDemo } from '../../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../../harness/identity-provider.ts';

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 150);

let demo: RunningDemo;
let provider: IdentityProvider;
let gateway: TestGateway;
beforeAll(async () => {
  [demo, provider] = await Promise.all([startDemoSubgraphs({ ports: 'free' }), startIdentityProvider()]);
  gateway = await startGateway({
    subgraphs: demo.subgraphs,
    config: new URL('gateway.config.ts', import.meta.url).pathname,
    env: { JWKS_URI: provider.jwksUri, JWT_ISSUER: provider.issuer, JWT_AUDIENCE: JWT_RESOURCE },
  });
}, 90_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
  await demo?.close();
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

interface Answer {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly hooks: readonly string[];
}

const JSON_HEADERS = { 'content-type': 'application/json' };
/** Remembers no answer, so that each is executed. */
const EXECUTED = { 'cache-control': 'no-store' };

/** No page can make a browser send it. */
const NOT_FORGED = { 'graphql-require-preflight': '1' };

/** A body whose length is not told, and a GET that tells one, are left to the pipeline. */
async function send({ method = 'POST', path = '/graphql', headers = {}, body }: Sent, way: Way): Promise<Answer> {
  const outgoing = httpRequest(gateway.url + path, { method, headers: { ...EXECUTED, ...NOT_FORGED, ...headers } });
  if (way === 'pipeline' && body === undefined) outgoing.setHeader('content-length', '0');
  if (way === 'direct' && body !== undefined) outgoing.setHeader('content-length', Buffer.byteLength(body));
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { 'x-hooks': hooks = '', ...received } = response.headers;
  return {
    status: response.statusCode,
    reason: response.statusMessage,
    headers: received,
    body: (await buffer(response)).toString('latin1'),
    hooks: hooks ? (JSON.parse(Buffer.from(String(hooks), 'base64url').toString()) as string[]) : [],
  };
}

type Way = 'direct' | 'pipeline';

/** Without what is not the same for any two, and how long the body is. */
function comparable({ headers, ...rest }: Answer): object {
  const {
    date: _date,
    'content-length': _length,
    'transfer-encoding': _encoding,
    'x-request-id': id,
    ratelimit = '',
    ...others
  } = headers;
  const rate = String(ratelimit).replaceAll(/([rt])=\d+/g, '$1=N');
  return { ...rest, headers: { ...others, ratelimit: rate, 'x-request-id': id?.length } };
}

async function expectAlike(sent: Sent): Promise<Answer> {
  // What the gateway remembers of a document, it remembers for both.
  await send(sent, 'pipeline');
  const direct = await send(sent, 'direct');
  const pipeline = await send(sent, 'pipeline');
  expect(comparable(direct)).toEqual(comparable(pipeline));
  return direct;
}

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}): Sent => ({
  headers: { ...JSON_HEADERS, ...headers },
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
});
const get = (query: string, headers: Readonly<Record<string, string>> = {}): Sent => ({
  method: 'GET',
  path: `/graphql?${query}`,
  headers,
});

const SMALL = '{ product(upc: "1") { upc name } }';
const MUTATION = 'mutation { addReview(upc: "1", rating: 5, body: "x") { review { id } } }';
const DEEP = `{ product(upc: "1") { ${'reviews(first: 1) { product { '.repeat(20)} upc ${'} }'.repeat(20)} } }`;

const cases: readonly (readonly [string, number, Sent])[] = [
  ['a query', 200, post({ query: SMALL })],
  ['variables', 200, post({ query: 'query($u: ID!) { product(upc: $u) { upc } }', variables: { u: '2' } })],
  ['a missing variable', 200, post({ query: 'query($u: ID!) { product(upc: $u) { upc } }' })],
  ['an operation by its name', 200, post({ query: `query A ${SMALL} query B ${SMALL}`, operationName: 'B' })],
  ['a name that no operation has', 400, post({ query: `query A ${SMALL}`, operationName: 'C' })],
  ['no operation at all', 400, post({ query: 'fragment F on Query { __typename }' })],
  ['extensions', 200, post({ query: SMALL, extensions: { cost: true } })],
  ['a document that does not parse', 200, post({ query: '{ product(' })],
  ['a document that is not valid', 200, post({ query: '{ nothing }' })],
  ['too deep', 400, post({ query: DEEP })],
  ['a field that nobody may see', 200, post({ query: '{ users(first: 1) { email } }' })],
  ['a mutation', 200, post({ query: MUTATION })],
  ['introspection', 401, post({ query: '{ __schema { queryType { name } } }' })],
  ['an unknown parameter', 400, post({ query: SMALL, more: 1 })],
  ['a prototype', 200, post(`{"query":${JSON.stringify(SMALL)},"variables":{"__proto__":{"u":"1"}}}`)],
  ['a query that is no text', 400, post({ query: 1 })],
  ['variables that are no object', 400, post({ query: SMALL, variables: 'x' })],
  ['no query', 200, post({})],
  ['null', 400, post('null')],
  ['a text', 400, post('"x"')],
  ['what is no JSON', 400, post('{"query":')],
  ['JSON in UTF-8 beyond ASCII', 200, post({ query: `${SMALL} # ünï✓` })],
  ['bytes that are no UTF-8', 400, post(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))],
  ['a byte order mark', 400, post(`\uFEFF${JSON.stringify({ query: SMALL })}`)],
  ['a batch', 200, post([{ query: SMALL }, { query: '{ nothing }' }])],
  ['a batch that is too long', 413, post(Array.from({ length: 4 }, () => ({ query: SMALL })))],
  ['an empty batch', 200, post([])],
  [
    'a subscription, without an event stream',
    406,
    post({ query: 'subscription { reviewAdded(upc: "1") { id } }' }, { accept: 'application/json' }),
  ],
  ['application/graphql', 200, { headers: { 'content-type': 'application/graphql' }, body: SMALL }],
  ['a content type that is not known', 415, { headers: { 'content-type': 'text/csv' }, body: SMALL }],
  ['no content type', 415, { body: JSON.stringify({ query: SMALL }) }],
  [
    'a form',
    200,
    {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `query=${encodeURIComponent(SMALL)}`,
    },
  ],
  ['a content type in upper case', 415, post({ query: SMALL }, { 'content-type': 'Application/JSON; Charset=UTF-8' })],
  ['a query string beside the body', 200, { ...post({ query: SMALL }), path: '/graphql?query={nothing}' }],
  ...[
    'application/graphql-response+json',
    'application/json',
    'text/html',
    '*/*',
    'image/png',
    ';;,',
    'multipart/mixed',
  ].map(
    (accept) =>
      [
        `accept: ${accept}`,
        ['image/png', 'text/html', ';;,'].includes(accept) ? 406 : 200,
        post({ query: SMALL }, { accept }),
      ] as const,
  ),
  ['accept: of errors', 400, post({ query: '{ nothing }' }, { accept: 'application/graphql-response+json' })],
  ['a GET', 200, get(`query=${encodeURIComponent(SMALL)}`)],
  [
    'a GET with variables',
    200,
    get(`query=${encodeURIComponent('query($u: ID!) { product(upc: $u) { upc } }')}&variables={"u":"1"}`),
  ],
  ['a GET with variables that are no JSON', 400, get(`query=${encodeURIComponent(SMALL)}&variables={`)],
  ['a mutation by GET', 405, get(`query=${encodeURIComponent(MUTATION)}`)],
  ['a GET without a query', 200, { method: 'GET' }],
  ['a page for people', 406, { method: 'GET', headers: { accept: 'text/html' } }],
  ['a credential that is none', 401, post({ query: SMALL }, { authorization: 'Bearer no' })],
  ['a request id', 200, post({ query: SMALL }, { 'x-request-id': 'mine' })],
  ['a traceparent', 200, post({ query: SMALL }, { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` })],
  ['an origin', 200, post({ query: SMALL }, { origin: 'https://app.example' })],
  ...['onRequest', 'onRequestParse', 'onParams'].map(
    (end) =>
      [
        `a plugin that answers in ${end}`,
        end === 'onParams' ? 200 : 418,
        post({ query: SMALL }, { 'x-end': end }),
      ] as const,
  ),
  ['a plugin that changes the response', 418, post({ query: SMALL }, { 'x-end': 'onResponse' })],
  ['a plugin that changes the parameters', 200, post({ query: SMALL }, { 'x-query': '{ __typename }' })],
  ['a plugin that changes the result', 200, post({ query: SMALL }, { 'x-result': '1' })],
  ...['onRequestParse', 'onParams', 'onContextBuilding', 'onExecute'].map(
    (hook) => [`a plugin that throws in ${hook}`, 500, post({ query: SMALL }, { 'x-throw': hook })] as const,
  ),
];

describe('the direct way and the pipeline run the same hooks and give the same answer:', () => {
  test.each(cases)('%s', async (_, status, sent) => {
    const answer = await expectAlike(sent);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('a secret');
  });

  test('a plugin that throws before all others: the client learns nothing of it', async () => {
    const answer = await send(post({ query: SMALL }, { 'x-throw': 'onRequest' }), 'direct');
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toEqual({
      errors: [{ message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    expect(gateway.log()).toContain('a secret of the plugin');
  });

  test('a user, who may see more', async () => {
    const headers = { authorization: `Bearer ${await provider.jwt('admin')}` };
    const { body } = await expectAlike(post({ query: '{ users(first: 1) { email } }' }, headers));
    expect(body).toContain('@');
  });

  test('whatever is sent', async () => {
    const word = fc.constantFrom('query', 'variables', 'operationName', 'extensions', 'product', 'upc', '__typename');
    const document = fc.oneof(
      fc.constantFrom(SMALL, '{ __typename }', MUTATION, `query A ${SMALL}`, '{ products(first: 2) { upc } }'),
      fc
        .array(fc.oneof(word, fc.constantFrom('{', '}', '(', ')', ':', '"', '#', '...', '$a', '@skip')), {
          maxLength: 8,
        })
        .map((words) => words.join(' ')),
    );
    const params = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ query: document, variables: fc.option(fc.dictionary(word, fc.jsonValue())) }),
      },
      fc.dictionary(word, fc.jsonValue()),
      fc.jsonValue(),
    );
    const body = fc.oneof(
      { weight: 6, arbitrary: params.map((value) => Buffer.from(JSON.stringify(value))) },
      fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    );
    const headers = fc.record(
      {
        'content-type': fc.constantFrom(
          'application/json',
          'application/json;charset=utf-8',
          'text/plain',
          'application/graphql',
        ),
        accept: fc.constantFrom(
          'application/json',
          'application/graphql-response+json',
          '*/*',
          'text/plain, */*;q=0.1',
        ),
      },
      { requiredKeys: ['content-type'] },
    );
    await fc.assert(
      fc.asyncProperty(body, headers, async (bytes, given) => {
        await expectAlike({ body: bytes, headers: given });
      }),
      { numRuns: RUNS },
    );
  }, 120_000);
});
