import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { couldBeForged } from '../../plugins/cross-origin/csrf.ts';
import { crossOriginFromEnvironment, useCrossOrigin } from '../../plugins/cross-origin/index.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 2_000);
const LISTED = 'https://app.example.com';

type Headers = Readonly<Record<string, string>>;

function isRefused(method: string, url: string, headers: Headers): boolean {
  return couldBeForged({ method, url, headers }, '/graphql', (origin) => origin === LISTED);
}

describe('an operation that any page could make a browser send is refused:', () => {
  const query = '/graphql?query={a}';
  test.each<[string, string, Headers]>([
    ['GET', query, {}],
    ['GET', query, { accept: 'text/html' }],
    ['GET', query, { 'content-type': 'text/plain' }],
    ['GET', query, { 'content-type': 'message/http' }],
    ['GET', query, { 'sec-fetch-site': 'cross-site' }],
    ['GET', query, { 'sec-fetch-site': 'same-site', origin: 'https://evil.example.com' }],
    ['GET', query, { origin: 'null' }],
    ['GET', query, { authorization: 'Basic YTpi' }],
    ['GET', query, { authorization: 'Negotiate abc' }],
    ['HEAD', query, {}],
    ['GET', '/graphql?%71uery={a}', {}],
    ['GET', '/graphql/?query={a}', {}],
    ['GET', '/elsewhere?query={a}&x=/graphql', {}],
    ['POST', '/graphql', {}],
    ['POST', '/graphql', { 'content-type': '' }],
    ['POST', '/graphql', { 'content-type': 'text/plain;charset=UTF-8' }],
    ['POST', '/graphql', { 'content-type': 'text/plain; application/json' }],
    ['POST', '/graphql', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['POST', '/graphql', { 'content-type': 'multipart/form-data; boundary=x' }],
  ])('%s %s %j', (method, url, headers) => {
    expect(isRefused(method, url, headers)).toBe(true);
  });
});

describe('what no page can send by itself is let through:', () => {
  const query = '/graphql?query={a}';
  test.each<[string, string, Headers]>([
    ['POST', '/graphql', { 'content-type': 'application/json' }],
    ['POST', '/graphql', { 'content-type': 'Application/JSON; charset=utf-8', 'sec-fetch-site': 'cross-site' }],
    ['POST', '/graphql', { 'content-type': 'application/graphql+json' }],
    ['POST', '/graphql', { 'content-type': 'application/graphql' }],
    ['POST', '/graphql', { 'content-type': 'multipart/form-data; boundary=x', 'graphql-require-preflight': '1' }],
    ['GET', query, { 'content-type': 'application/json' }],
    ['GET', query, { 'apollo-require-preflight': '' }],
    ['GET', query, { 'x-apollo-operation-name': 'A' }],
    ['GET', query, { 'x-graphql-yoga-csrf': '1' }],
    ['GET', query, { 'x-api-key': 'key' }],
    ['GET', query, { authorization: 'Bearer token' }],
    ['GET', query, { authorization: 'apikey key' }],
    ['GET', query, { 'sec-fetch-site': 'same-origin' }],
    ['GET', query, { 'sec-fetch-site': 'none' }],
    ['GET', query, { 'sec-fetch-site': 'cross-site', origin: LISTED }],
    ['GET', '/graphql', { accept: 'text/html' }],
    ['GET', '/health?query={a}', {}],
    ['POST', '/webhooks/cache', {}],
    ['OPTIONS', query, {}],
    ['PUT', '/graphql', {}],
  ])('%s %s %j', (method, url, headers) => {
    expect(isRefused(method, url, headers)).toBe(false);
  });
});

test('whatever a browser would send without a preflight is refused (Fetch, "CORS-safelisted request-header")', () => {
  const simpleTypes = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];
  const contentType = fc
    .tuple(
      fc.constantFrom(...simpleTypes, ...simpleTypes.map((type) => type.toUpperCase())),
      fc.constantFrom('', ' ', ';', '; charset=utf-8', ';application/json', '; a="application/json"'),
    )
    .map((parts) => parts.join(''));
  const headers = fc.record(
    {
      'content-type': contentType,
      accept: fc.constantFrom('*/*', 'application/json', 'text/html'),
      'accept-language': fc.constant('en'),
      cookie: fc.constant('session=1'),
      'user-agent': fc.string(),
      // Of schemes that browsers have by themselves.
      authorization: fc.constantFrom('Basic YTpi', 'Digest a', 'Negotiate a', 'NTLM a'),
      origin: fc.constantFrom('null', 'https://evil.example.com', `${LISTED}.evil.example.com`),
      'sec-fetch-site': fc.constantFrom('cross-site', 'same-site'),
    },
    { requiredKeys: [] },
  );
  const url = fc.constantFrom('/graphql?query={a}', '/graphql?extensions={}', '/graphql/?query={a}', '/x/graphql?a');
  fc.assert(
    fc.property(fc.constantFrom('GET', 'HEAD', 'POST'), url, headers, (method, at, sent) => {
      expect(isRefused(method, at, sent as Headers)).toBe(true);
    }),
    { numRuns: RUNS },
  );
});

test.each([
  [{ origins: ['https://app.example.com/'] }, 'origins has "https://app.example.com/"; it takes "any" or origins'],
  [{ origins: ['*'] }, 'origins has "*"'],
  [{ origins: ['null'] }, 'origins has "null"'],
  [{ origins: 'any', credentials: true }, 'credentials is true; with origins "any" it takes false'],
  [{ maxAge: -1 }, 'maxAge is -1; it takes whole seconds from 0'],
  [{ csrf: 'no' }, 'csrf is "no"; it takes "prevent" or "off"'],
])('wrong options are refused when the gateway starts: %j', (options, message) => {
  expect(() => useCrossOrigin(options as never)).toThrow(message);
});

test.each([
  [{}, []],
  [{ CORS_ORIGINS: ' ' }, []],
  [{ CORS_ORIGINS: 'any' }, 'any'],
  [{ CORS_ORIGINS: 'https://a.example, https://b.example' }, ['https://a.example', 'https://b.example']],
])('of the environment %j the origins are %j', (env, origins) => {
  expect(crossOriginFromEnvironment(env)).toEqual({ origins });
});
