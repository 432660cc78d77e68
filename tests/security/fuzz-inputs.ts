import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { Lexer, print, Source, TokenKind, type GraphQLSchema } from 'graphql';
import { generatedRequest } from '../operation/generated/operation.ts';

const QUERIES = new URL('../../subgraphs/queries/', import.meta.url);

/** Documents that the demo answers. */
const VALID = readdirSync(QUERIES).map((name) => readFileSync(new URL(name, QUERIES), 'utf8'));

/** Its tokens, as they stand in it. */
function tokensOf(text: string): string[] {
  const lexer = new Lexer(new Source(text));
  const tokens: string[] = [];
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    tokens.push(text.slice(token.start, token.end));
  }
  return tokens;
}

const TOKENS = VALID.map(tokensOf);
const WORDS = [
  ...new Set(TOKENS.flat()),

  '__typename',
  '__schema',
  '__type',
  '_service',
  '_entities',
  '@skip',
  '@include',
  '@defer',
  '@stream',
  '$',
  '&',
  '|',

  '"""',
  '"',
  '\\u{110000}',
  '"\\ud800"',
  '-',
  '1e999',
  '99999999999999999999',
  '0.1',
  'null',
  'true',
  '\ufeff',
  '\0',
  '#',
  'query',
  'mutation',
  'subscription',
  'fragment',
  'on',
  'schema',
  'extend',
  'directive',
  '...',
  '!',
  '[',
  ']',
];
const word = fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: 'binary', maxLength: 5 }));

/** What is done to a list at a place. */
type Edit<Item> = {
  readonly at: number;
  readonly removed: number;
  readonly put: readonly Item[];
  readonly times: number;
};

function edited<Item>(items: readonly Item[], edits: readonly Edit<Item>[]): Item[] {
  return edits.reduce<Item[]>(
    (list, { at, removed, put, times }) =>
      list.toSpliced(at % (list.length + 1), removed, ...Array.from({ length: times }, () => put).flat()),
    [...items],
  );
}

const editsOf = <Item>(item: fc.Arbitrary<Item>): fc.Arbitrary<Edit<Item>[]> =>
  fc.array(
    fc.record({
      at: fc.nat(10_000),
      removed: fc.nat(3),
      put: fc.array(item, { maxLength: 4 }),
      times: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constantFrom(10, 500) }),
    }),
    { minLength: 1, maxLength: 4 },
  );

/** Documents: valid ones of the schema, changed ones, and words in any order. */
export function documents(schema: GraphQLSchema): fc.Arbitrary<string> {
  const valid = fc
    .tuple(fc.nat(1_000_000), fc.integer({ min: 1, max: 4 }))
    .map(([seed, size]) => print(generatedRequest(schema, seed, size).document));
  const changed = fc
    .tuple(fc.constantFrom(...TOKENS), editsOf(word))
    .map(([tokens, edits]) => edited(tokens, edits).join(' '));
  const any = fc.array(word, { maxLength: 40 }).map((words) => words.join(' '));
  const nested = fc
    .tuple(fc.constantFrom('{a', '[', '(a:', '{a:{', 'a{', '...{'), fc.constantFrom(10, 1_000, 20_000))
    .map(([piece, times]) => `{ a(in: ${piece.repeat(times)}`);
  return fc.oneof(
    { weight: 4, arbitrary: valid },
    { weight: 6, arbitrary: changed },
    { weight: 2, arbitrary: any },
    { weight: 1, arbitrary: nested },
  );
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((values) => Buffer.from(values));

function changedBytes(text: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('\r\n\0 :"{}[]\\,')));
  return fc.tuple(text, editsOf(byte)).map(([from, edits]) => Buffer.from(edited([...from], edits)));
}

/** JSON that is or is not GraphQL over HTTP. */
export function jsonBodies(document: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const name = fc.constantFrom('query', 'variables', 'operationName', 'extensions', 'documentId', 'id', '__proto__');
  const params = fc.record(
    {
      query: fc.oneof({ weight: 8, arbitrary: document }, { weight: 1, arbitrary: fc.jsonValue() }),
      variables: fc.oneof(
        fc.dictionary(fc.constantFrom('upc', 'first', 'id', 'input', '__proto__'), fc.jsonValue()),
        fc.jsonValue(),
      ),
      operationName: fc.oneof(fc.string(), fc.jsonValue()),
      extensions: fc.oneof(
        fc.record({ persistedQuery: fc.record({ version: fc.jsonValue(), sha256Hash: fc.jsonValue() }) }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: ['query'] },
  );
  const value = fc.oneof(
    { weight: 8, arbitrary: params },
    { weight: 1, arbitrary: fc.array(params, { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(name, fc.jsonValue()) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  const text = value.map((one) => Buffer.from(JSON.stringify(one)));
  const deep = fc.constantFrom('[', '{"a":', '{"query":[').map((piece) => Buffer.from(piece.repeat(50_000)));
  return fc.oneof(
    { weight: 8, arbitrary: text },
    { weight: 4, arbitrary: changedBytes(text) },
    { weight: 1, arbitrary: bytes },
    { weight: 1, arbitrary: deep },
  );
}

const HEADERS = [
  'content-type',
  'accept',
  'authorization',
  'x-api-key',
  'cookie',
  'origin',
  'host',
  'x-request-id',
  'traceparent',
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'connection',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'range',
  'if-none-match',
  'cache-control',
  'x-forwarded-for',
  'forwarded',
  'baggage',
  'tracestate',
  'accept-encoding',
  'via',
] as const;
const VALUES = [
  'application/json',
  'application/graphql-response+json',
  'text/event-stream',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'application/graphql',
  '*/*',
  'chunked',
  'gzip',
  'close',
  'keep-alive',
  'websocket',
  '100-continue',
  'Bearer x.y.z',
  'Bearer eyJhbGciOiJub25lIn0.e30.',
  'ApiKey gh_a_b',
  'W/"a"',
  'no-cache',
  'bytes=0-',
  'null',
  '',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '0',
  '5',
  '-1',
  '99999999999',
  '[::1]',
  'a.example:80',
] as const;

/** Requests as bytes: well-formed ones, and such in which bytes were changed. */
export function requests(body: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const target = fc.oneof(
    fc.constantFrom(
      '/graphql',
      '/graphql?query={__typename}',
      '/health',
      '/health/live',
      '/webhooks/cache',
      '/webhooks/schema',
      '/',
    ),
    fc.constantFrom(
      '*',
      '//',
      '/graphql/../graphql',
      'http://a/graphql',
      '/%',
      '/graphql?%',
      '/graphql?variables={',
      '?',
    ),
    fc.webPath(),
    body.map((text) => `/graphql?query=${encodeURIComponent(text.toString('latin1').slice(0, 2_000))}`),
  );
  const method = fc.constantFrom(
    'POST',
    'POST',
    'GET',
    'GET',
    'HEAD',
    'OPTIONS',
    'PUT',
    'DELETE',
    'TRACE',
    'PATCH',
    'CONNECT',
    'QUERY',
  );
  const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary', maxLength: 30 }));
  const lines = fc.array(fc.tuple(fc.constantFrom(...HEADERS), value), { maxLength: 6 });
  const wellFormed = fc.tuple(method, target, lines, body, fc.boolean()).map(([verb, path, more, content, isUsual]) => {
    const usual = ['host: gateway', 'content-type: application/json', `content-length: ${content.length}`];
    const named = more.map(([name, text]) => `${name}: ${text.replaceAll(/[\r\n]/g, ' ')}`);
    const head = [`${verb} ${path} HTTP/1.1`, ...(isUsual ? usual : []), ...named, '', ''].join('\r\n');
    return Buffer.concat([Buffer.from(head), content]);
  });
  return fc.oneof(
    { weight: 5, arbitrary: wellFormed },
    { weight: 5, arbitrary: changedBytes(wellFormed) },
    { weight: 1, arbitrary: fc.tuple(wellFormed, wellFormed).map((both) => Buffer.concat(both)) },
    { weight: 1, arbitrary: bytes },
  );
}

/** Messages of `graphql-transport-ws`, and what is none. */
export function messages(document: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const type = fc.constantFrom(
    'connection_init',
    'ping',
    'pong',
    'subscribe',
    'complete',
    'next',
    'error',
    'connection_ack',
    'x',
  );
  const id = fc.oneof(fc.constantFrom('1', '2', '', '__proto__'), fc.string(), fc.jsonValue());
  const payload = fc.oneof(
    fc.record({ query: document }),
    fc.record({ query: document, variables: fc.jsonValue() }),
    fc.jsonValue(),
  );
  const message = fc.record({ type, id, payload }, { requiredKeys: ['type'] });
  const subscribe = fc.record({
    type: fc.constant('subscribe'),
    id: fc.nat(9).map(String),
    payload: fc.record({ query: document }),
  });
  return fc.oneof(
    { weight: 4, arbitrary: subscribe.map((one) => JSON.stringify(one)) },
    { weight: 4, arbitrary: message.map((one) => JSON.stringify(one)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  );
}

/** Bytes in the place of frames (RFC 6455, section 5.2): more often than not with a head that could be one. */
export function frames(message: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const good = message.map((text) => maskedFrame(0x81, Buffer.from(text)));
  const odd = fc.tuple(fc.nat(255), bytes).map(([first, body]) => maskedFrame(first, body));
  return fc.oneof(
    { weight: 6, arbitrary: good },
    { weight: 2, arbitrary: odd },
    { weight: 2, arbitrary: changedBytes(good) },
    { weight: 1, arbitrary: bytes },
  );
}

export function maskedFrame(first: number, body: Buffer): Buffer {
  const size =
    body.length < 126
      ? [0x80 | body.length]
      : body.length < 65_536
        ? [0xfe, body.length >> 8, body.length & 0xff]
        : undefined;
  const long = Buffer.alloc(9, 0xff);
  long.writeBigUInt64BE(BigInt(body.length), 1);
  const mask = randomBytes(4);
  const masked = body.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([first]), size ? Buffer.from(size) : long, mask, masked]);
}
