import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { onWire, requestText } from './wire.ts';

let subgraph: TestSubgraph;
let gateway: TestGateway;
let echoes = 0;

beforeAll(async () => {
  subgraph = await startSubgraph('echo', federated('type Query { echo(text: String): String }'), {
    Query: { echo: (_: unknown, { text }: { text: string }) => (echoes++, text) },
  });
  gateway = await startGateway({ subgraphs: [subgraph] });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

const POST = 'POST /graphql HTTP/1.1';
const JSON_TYPE = 'content-type: application/json';
/** What comes behind an attack on the same connection. It ends it. */
const NEXT = requestText('GET /health/live HTTP/1.1', ['connection: close']);
const SMUGGLED = requestText('GET /health/ready HTTP/1.1', ['x-smuggled: 1']);

const queryOf = (text: string): string => JSON.stringify({ query: `{ echo(text: ${JSON.stringify(text)}) }` });
const withLength = (body: string, ...headers: readonly string[]): string =>
  requestText(POST, [JSON_TYPE, `content-length: ${Buffer.byteLength(body)}`, ...headers], body);
const asChunk = (body: string): string => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`;
const inChunks = (body: string, ...headers: readonly string[]): string =>
  requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked', ...headers], `${asChunk(body)}0\r\n\r\n`);
const BODY = queryOf('a');
const LENGTH = `content-length: ${BODY.length}`;

async function statuses(...parts: readonly string[]): Promise<number[]> {
  return (await onWire(gateway, parts)).map(({ status }) => status);
}

describe('a request whose end could be understood in two ways is refused, and all that comes behind it', () => {
  test.each([
    [
      'a length and chunks',
      requestText(POST, [JSON_TYPE, LENGTH, 'transfer-encoding: chunked'], `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'chunks and a length',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked', 'content-length: 4'], `0\r\n\r\n${SMUGGLED}`),
    ],
    ['two lengths', requestText(POST, [JSON_TYPE, LENGTH, 'content-length: 0'], BODY)],
    ['the same length twice', requestText(POST, [JSON_TYPE, LENGTH, LENGTH], BODY)],
    ['a list of lengths', requestText(POST, [JSON_TYPE, `${LENGTH}, ${BODY.length}`], BODY)],
    ['a length with a sign', requestText(POST, [JSON_TYPE, `content-length: +${BODY.length}`], BODY)],
    ['a negative length', requestText(POST, [JSON_TYPE, 'content-length: -1'], BODY)],
    ['a length in another base', requestText(POST, [JSON_TYPE, `content-length: 0x${BODY.length.toString(16)}`], BODY)],
    ['a length and a word', requestText(POST, [JSON_TYPE, `${LENGTH} x`], BODY)],
    ['a length beyond all numbers', requestText(POST, [JSON_TYPE, 'content-length: 18446744073709551617'], BODY)],
    ['an empty length', requestText(POST, [JSON_TYPE, 'content-length:'], BODY)],
    [
      'an encoding that is not known',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: xchunked'], `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'chunks that are not the last encoding',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked, identity'], `0\r\n\r\n${SMUGGLED}`),
    ],
    [
      'two encodings in two lines',
      requestText(
        POST,
        [JSON_TYPE, 'transfer-encoding: chunked', 'transfer-encoding: identity'],
        `0\r\n\r\n${SMUGGLED}`,
      ),
    ],
    [
      'an encoding with a control character',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: \vchunked'], `0\r\n\r\n${SMUGGLED}`),
    ],
    ['a space before the colon', requestText(POST, [JSON_TYPE, `content-length : ${BODY.length}`], BODY)],
    [
      'a header folded over two lines',
      requestText(POST, [JSON_TYPE, 'x-folded: a\r\n content-length: 0', LENGTH], BODY),
    ],
    ['a header line that begins with a space', requestText(POST, [' x: y', JSON_TYPE, LENGTH], BODY)],
    ['lines that end with LF alone', requestText(POST, [JSON_TYPE, LENGTH], BODY).replaceAll('\r\n', '\n')],
    ['one line that ends with LF alone', requestText(POST, [`x: y\n${LENGTH}`, JSON_TYPE], BODY)],
    ['a CR alone in a value', requestText(POST, [`x: y\r${LENGTH}`, JSON_TYPE, LENGTH], BODY)],
    ['a NUL in a value', requestText(POST, ['x: y\0', JSON_TYPE, LENGTH], BODY)],
    ['a header without a name', requestText(POST, [': y', JSON_TYPE, LENGTH], BODY)],
    [
      'a chunk whose size is no number',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked'], `zz\r\n${BODY}\r\n0\r\n\r\n`),
    ],
    [
      'a chunk whose size has a sign',
      requestText(
        POST,
        [JSON_TYPE, 'transfer-encoding: chunked'],
        `+${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
      ),
    ],
    [
      'a chunk that is longer than it says',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked'], `2\r\n${BODY}\r\n0\r\n\r\n`),
    ],
    [
      'a chunk larger than all numbers',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked'], `fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`),
    ],
    [
      'chunks whose lines end with LF alone',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked'], `${BODY.length.toString(16)}\n${BODY}\n0\n\n`),
    ],
    ['a version that there is not', requestText('POST /graphql HTTP/9.9', [JSON_TYPE, LENGTH], BODY)],
    ['a path with a space', requestText('POST /graph ql HTTP/1.1', [JSON_TYPE, LENGTH], BODY)],
    ['no host', `${POST}\r\n${JSON_TYPE}\r\n${LENGTH}\r\n\r\n${BODY}`],
  ])('%s', async (_, attack) => {
    const before = echoes;
    const answered = await statuses(attack, NEXT);
    // A chunk may be wrong only after the request began: it is answered, or dropped, and the connection ends.
    expect([[400], []]).toContainEqual(answered);
    expect(echoes).toBe(before);
  });

  test('chunks in HTTP/1.0 are read as chunks, and as nothing else', async () => {
    const head = ['transfer-encoding: chunked', 'connection: keep-alive', JSON_TYPE];
    const old = requestText('POST /graphql HTTP/1.0', head, `${asChunk(queryOf('old'))}0\r\n\r\n`);
    const before = echoes;
    expect(await statuses(old, NEXT)).toEqual([200, 200]);
    expect(echoes).toBe(before + 1);
  });
});

describe('requests on one connection are answered each once, in order', () => {
  /** All of the queries' texts that came back. */
  async function texts(...parts: readonly string[]): Promise<unknown[]> {
    const answers = await onWire(gateway, parts);
    return answers.map(({ status, body }) => (body.startsWith('{"data"') ? JSON.parse(body).data.echo : status));
  }

  test('behind bodies that the front door and the pipeline read', async () => {
    const pipelined = [
      withLength(queryOf('1')),
      inChunks(queryOf('2')),
      requestText(`GET /graphql?query=${encodeURIComponent('{echo(text:"3")}')} HTTP/1.1`, [
        'graphql-require-preflight: 1',
      ]),
      withLength(queryOf('4')),
      withLength(queryOf('4')),
      inChunks(queryOf('5')),
      NEXT,
    ].join('');
    expect(await texts(pipelined)).toEqual(['1', '2', '3', '4', '4', '5', 200]);
    // The same, torn in the worst of places.
    const middle = pipelined.indexOf('\r\n\r\n') + 3;
    expect(await texts(pipelined.slice(0, middle), pipelined.slice(middle))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '4',
      '5',
      200,
    ]);
  });

  test.each([
    [
      'a GET',
      requestText(
        'GET /graphql?query={__typename} HTTP/1.1',
        ['graphql-require-preflight: 1', `content-length: ${SMUGGLED.length}`],
        SMUGGLED,
      ),
      200,
    ],
    [
      'a GET in chunks',
      requestText(
        'GET /graphql?query={__typename} HTTP/1.1',
        ['graphql-require-preflight: 1', 'transfer-encoding: chunked'],
        `${asChunk(SMUGGLED)}0\r\n\r\n`,
      ),
      200,
    ],
    [
      'a path that there is not',
      requestText('POST /nothing HTTP/1.1', [`content-length: ${SMUGGLED.length}`], SMUGGLED),
      404,
    ],
    [
      'a page of health',
      requestText('GET /health/live HTTP/1.1', [`content-length: ${SMUGGLED.length}`], SMUGGLED),
      200,
    ],
    [
      'a request that a page of another site could have sent',
      requestText(POST, ['content-type: text/plain', `content-length: ${SMUGGLED.length}`], SMUGGLED),
      403,
    ],
    ['a caller who is not let in', withLength(SMUGGLED, 'authorization: Bearer wrong'), 401],
    ['a caller who is not let in, in chunks', inChunks(SMUGGLED, 'authorization: Bearer wrong'), 401],
    [
      'a type that is not known',
      withLength(SMUGGLED).replace(JSON_TYPE, 'graphql-require-preflight: 1\r\ncontent-type: a/b'),
      415,
    ],
    ['what is no JSON', withLength(SMUGGLED), 400],
  ])('a request in the body of another is no request: %s', async (_, carrier, status) => {
    expect(await statuses(carrier, NEXT)).toEqual([status, 200]);
  });

  test('nothing of a body that is too large is a request', async () => {
    const filling = 'x'.repeat(1_048_577);
    for (const part of [withLength(filling + SMUGGLED), inChunks(filling + SMUGGLED)]) {
      expect((await statuses(part, SMUGGLED))[0] ?? 413).toBe(413);
    }
    expect(await gateway.status('/health/live')).toBe(200);
  });

  test('an upgrade to another protocol, and a tunnel, are refused', async () => {
    const upgrade = ['connection: Upgrade, HTTP2-Settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__'];
    expect((await statuses(requestText('GET /graphql HTTP/1.1', upgrade)))[0]).toBeGreaterThanOrEqual(400);
    expect(await statuses('CONNECT internal:80 HTTP/1.1\r\nhost: internal:80\r\n\r\n')).toEqual([]);
  });
});

describe('a request whose URL is another than its path says is refused', () => {
  const query = encodeURIComponent('{echo(text:"a")}');

  test.each([
    ['a path and a query in Host', `gateway/graphql?query=${query}&`],
    ['a path in Host, and the rest cut off', `gateway/graphql?query=${query}#`],
    ['a user in Host', 'a@gateway'],
    ['a bracket in Host', '['],
    ['a space in Host', 'a b'],
    ['markup in Host', '<script>'],
    ['a port that there is not', 'gateway:99999'],
    ['a port that is no number', 'gateway:a'],
    ['an address that there is not', '1.2.3.999'],
    ['an address without its brackets', '::1'],
    ['a host of 300 characters', 'a'.repeat(300)],
  ])('%s', async (_, host) => {
    const before = echoes;
    for (const text of [
      requestText('GET /nothing HTTP/1.1', ['graphql-require-preflight: 1']),
      withLength(BODY),
      inChunks(BODY),
    ]) {
      const [answer, ...more] = await onWire(gateway, [text.replace('host: gateway', `host: ${host}`)]);
      expect([answer?.status, answer?.body, more]).toEqual([400, '', []]);
    }
    expect(echoes).toBe(before);
  });

  test.each(['http://internal/graphql', 'http://[/graphql', 'graphql', '?query={__typename}', '\\\\internal/graphql'])(
    'a target that is no path: %s',
    async (target) => {
      expect((await statuses(withLength(BODY).replace(' /graphql ', ` ${target} `)))[0] ?? 400).toBe(400);
    },
  );

  test.each(['localhost', 'api.example.com:8443', '[::1]:4000', '10.0.0.1', 'a_b', ''])(
    'a good Host is taken: %s',
    async (host) => {
      const sent = withLength(BODY, 'connection: close').replace('host: gateway', `host: ${host}`);
      expect(await statuses(sent)).toEqual([200]);
    },
  );
});
