import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { JWT_RESOURCE, startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { onWire, requestText, type WireAnswer } from './wire.ts';

const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])
    @link(url: "https://gatehouse.dev/cache/v1.0", import: ["@cacheControl"])
    @composeDirective(name: "@cacheControl")
  directive @cacheControl(maxAge: Int scope: CacheControlScope inheritMaxAge: Boolean) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
  enum CacheControlScope { PUBLIC PRIVATE }
  type Query {
    front(page: Int): String @cacheControl(maxAge: 60)
    mine(page: Int): String @cacheControl(maxAge: 60, scope: PRIVATE)
    fails(page: Int): String @cacheControl(maxAge: 60)
    now: String
  }
`;

let subgraph: TestSubgraph;
let provider: IdentityProvider;
let gateway: TestGateway;
let made = 0;
let isFailing = false;
beforeAll(async () => {
  const make = (): string => `made ${++made}`;
  const fails = (): string => {
    if (isFailing) throw new Error('away');
    return make();
  };
  [subgraph, provider] = await Promise.all([
    startSubgraph('pages', SDL, { Query: { front: make, mine: make, fails, now: make } }),
    startIdentityProvider(),
  ]);
  const { jwksUri: JWKS_URI, issuer: JWT_ISSUER } = provider;
  gateway = await startGateway({ subgraphs: [subgraph], env: { JWKS_URI, JWT_ISSUER, JWT_AUDIENCE: JWT_RESOURCE } });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph, provider].map((server) => server?.[Symbol.asyncDispose]()));
});

let pages = 0;
/** Asks for what nobody has asked for before. */
const fresh = (field = 'front'): string => `{ ${field}(page: ${++pages}) }`;

async function ask(first: string, headers: readonly string[] = [], body = ''): Promise<WireAnswer> {
  const usual = [
    'connection: close',
    ...(body ? ['content-type: application/json', `content-length: ${body.length}`] : []),
  ];
  const [answer] = await onWire(gateway, [requestText(`${first} HTTP/1.1`, [...usual, ...headers], body)]);
  if (!answer) throw new Error('no answer');
  return answer;
}
const bodyOf = (query: string): string => JSON.stringify({ query });
const post = (query: string, ...headers: readonly string[]): Promise<WireAnswer> =>
  ask('POST /graphql', headers, bodyOf(query));
const PREFLIGHT = 'graphql-require-preflight: 1';
const get = (query: string, ...headers: readonly string[]): Promise<WireAnswer> =>
  ask(`GET /graphql?query=${encodeURIComponent(query)}`, [PREFLIGHT, ...headers]);
const valueOf = ({ headers }: WireAnswer, name: string): string => headers.find(([one]) => one === name)?.[1] ?? '';
const isHit = (answer: WireAnswer): boolean => valueOf(answer, 'cache-status').includes('hit');

describe('what a client says of itself does not reach others through the cache', () => {
  test.each([
    'x-forwarded-host: evil.example',
    'x-forwarded-proto: evil',
    'x-forwarded-port: 666',
    'x-forwarded-prefix: /evil',
    'x-original-url: /evil',
    'x-rewrite-url: /evil',
    'x-http-method-override: DELETE',
    'x-method-override: EVIL',
    'x-host: evil.example',
    'forwarded: host=evil.example',
    'host: evil.example',
    'user-agent: evil',
    'referer: https://evil.example/',
    'origin: https://evil.example',
    'accept-language: evil',
    'accept-encoding: evil',
    'accept-charset: evil',
    'cookie: session=evil',
    'range: bytes=0-1',
    'if-match: "evil"',
    'if-range: "evil"',
    'via: evil',
    'x-request-id: evil-id',
    'traceparent: 00-11111111111111111111111111111111-2222222222222222-01',
  ])('%s', async (line) => {
    for (const send of [post, get]) {
      const query = fresh();
      for (let at = 0; at < 3; at++) expect((await send(query, line)).status).toBe(200);
      const answer = await send(query);
      expect([answer.status, JSON.parse(answer.body)]).toEqual([
        200,
        { data: { front: expect.stringMatching(/^made \d+$/) } },
      ]);
      expect(JSON.stringify(answer)).not.toMatch(/evil|1111111|\b666\b/);
    }
  });

  test('one media type is not given to who asked for another', async () => {
    const query = fresh();
    await post(query, 'accept: application/graphql-response+json');
    expect(valueOf(await post(query, 'accept: application/json'), 'content-type')).toContain('application/json');
    const answer = await post(query, 'accept: application/graphql-response+json');
    expect(valueOf(answer, 'content-type')).toContain('application/graphql-response+json');
  });

  test('what a body says does not count with GET, nor what a URL says with POST', async () => {
    const [one, other] = [fresh(), fresh()];
    const expected = async (query: string): Promise<unknown> => JSON.parse((await post(query)).body);
    const [ofOne, ofOther] = [await expected(one), await expected(other)];
    expect(ofOne).not.toEqual(ofOther);
    const fatGet = await ask(`GET /graphql?query=${encodeURIComponent(one)}`, [PREFLIGHT], bodyOf(other));
    const withUrl = await ask(`POST /graphql?query=${encodeURIComponent(other)}`, [], bodyOf(one));
    for (const answer of [fatGet, withUrl]) expect(JSON.parse(answer.body)).toEqual(ofOne);
    expect(JSON.parse((await get(one)).body)).toEqual(ofOne);
    expect(JSON.parse((await get(other)).body)).toEqual(ofOther);
  });

  test('a parameter that comes twice, or in another order, is answered as it is executed', async () => {
    const [one, other] = [fresh(), fresh()].map((query) => encodeURIComponent(query)) as [string, string];
    const first = (await ask(`GET /graphql?query=${one}`, [PREFLIGHT])).body;
    const second = (await ask(`GET /graphql?query=${other}`, [PREFLIGHT])).body;
    for (const [twice, expected] of [
      [`query=${one}&query=${other}`, [first, second]],
      [`query=${other}&query=${one}`, [first, second]],
      [`x=1&query=${one}`, [first]],
      [`query=${one}&variables={}&operationName=`, [first]],
      [`variables={}&query=${one}`, [first]],
    ] as const) {
      const answers = await Promise.all([1, 2, 3].map(() => ask(`GET /graphql?${twice}`, [PREFLIGHT])));
      for (const { status, body } of answers)
        if (status === 200 && body.startsWith('{"data"')) expect(expected).toContain(body);
      expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    }
  });
});

describe('what one may see, no other gets', () => {
  const bearer = async (subject: string): Promise<string> =>
    `authorization: Bearer ${await provider.sign({ sub: subject })}`;

  test('a private answer is kept for its caller alone, and no cache on the way may keep it', async () => {
    const [ada, bob] = [await bearer('ada'), await bearer('bob')];
    for (const send of [post, get]) {
      const query = fresh('mine');
      const answers = [];
      for (const caller of [ada, bob, '', ada, bob, '', ada, bob, '']) {
        const answer = await send(query, ...(caller ? [caller] : []));
        expect(valueOf(answer, 'cache-control')).toMatch(/private|no-store/);
        answers.push(answer.body);
      }
      const [ofAda, ofBob, ofNobody] = answers;
      expect(new Set([ofAda, ofBob]).size).toBe(2);
      expect(answers.slice(3, 5)).toEqual([ofAda, ofBob]);
      expect([ofAda, ofBob]).not.toContain(ofNobody);
    }
  });

  test('a caller whose credential is wrong gets nothing of what is kept', async () => {
    const query = fresh();
    for (let at = 0; at < 3; at++) await get(query);
    expect(isHit(await get(query))).toBe(true);
    const wrong = await get(query, 'authorization: Bearer wrong');
    expect([wrong.status, isHit(wrong)]).toEqual([401, false]);
    expect(valueOf(wrong, 'cache-control')).toMatch(/^$|no-store/);
    expect((await get(query)).status).toBe(200);
  });

  test('a shared cache that keeps a public answer keeps it apart from what Authorization changes', async () => {
    const answer = await get(fresh());
    expect(valueOf(answer, 'cache-control')).toContain('max-age');
    const varies = answer.headers.filter(([name]) => name === 'vary').map(([, value]) => value.toLowerCase());
    expect(varies.join()).toContain('authorization');
  });
});

describe('a path that looks like that of a file gives nothing that a cache would keep by its name', () => {
  const query = encodeURIComponent('{ mine(page: 0) }');

  test.each([
    '/graphql/x.css',
    '/graphql/x.js?',
    '/graphql;.css',
    '/graphql.css',
    '/graphql%2fx.css',
    '/graphql%00.css',
    '/graphql%3f.css',
    '/graphql%23.css',
    '/graphql/..%2fx.css',
  ])('%s', async (path) => {
    const answer = await ask(`GET ${path}${path.includes('?') ? '' : '?'}query=${query}`, [PREFLIGHT]);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('made');
  });

  test('a path that some read with another slash is refused', async () => {
    const answer = await ask(`GET /graphql\\x.css?query=${query}`, [PREFLIGHT]);
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain('made');
  });

  test.each([
    '/x.css/graphql',
    '/graphql/',
    '//graphql',
    '/static/..%2fgraphql',
    '/graphql?x.css&',
    '/graphql?/x.css&',
  ])('%s is GraphQL, and says that it is private', async (path) => {
    const { status, ...answer } = await ask(`GET ${path}${path.includes('?') ? '' : '?'}query=${query}`, [PREFLIGHT]);
    if (status === 404) return;
    expect(valueOf({ status, ...answer }, 'cache-control')).toMatch(/private|no-store/);
  });
});

describe('what went wrong is not kept', () => {
  test('an answer with errors: the next one is asked for anew, and no cache on the way keeps it', async () => {
    const query = fresh('fails');
    isFailing = true;
    for (const send of [post, get]) {
      const answer = await send(query);
      expect(JSON.parse(answer.body).errors).toHaveLength(1);
      expect(valueOf(answer, 'cache-control')).toMatch(/^$|no-store/);
      expect(isHit(answer)).toBe(false);
    }
    isFailing = false;
    for (const send of [post, get]) {
      expect(JSON.parse((await send(query)).body)).toEqual({ data: { fails: expect.any(String) } });
    }
  });

  test.each([
    ['no document', 'GET /graphql?x=1', 200],
    ['what does not parse', 'GET /graphql?query={', 200],
    ['a field that there is not', 'GET /graphql?query={nothing}', 200],
    ['what only POST may do', `GET /graphql?query=${encodeURIComponent('mutation { a }')}`, 0],
    ['the schema', 'GET /graphql?query={__schema{types{name}}}', 401],
    ['a method that there is not', 'PUT /graphql?query={now}', 405],
  ])('%s', async (_, first, status) => {
    const answer = await ask(first, [PREFLIGHT]);
    if (status) expect(answer.status).toBe(status);
    expect(valueOf(answer, 'cache-control')).toMatch(/^$|no-store/);
  });
});
