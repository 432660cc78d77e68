import { once } from 'node:events';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startCallerSubgraph, type CallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';
import { onWire, requestText, type WireAnswer } from './wire.ts';

const RUNS = Number(process.env['SECURITY_RUNS'] ?? 150);

let directory: string;
let subgraph: CallerSubgraph;
let gateway: TestGateway;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-security-'));
  subgraph = await startCallerSubgraph();
  const env = {
    ...subgraph.env,
    LOG_JSON: '1',
    LOG_LEVEL: 'debug',
    AUDIT_FILE: join(directory, 'audit.jsonl'),
    API_KEY_SECRET: 'x'.repeat(32),
  };
  gateway = await startGateway({ subgraphs: [subgraph], env });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true, force: true });
});

const POST = 'POST /graphql HTTP/1.1';
const USUAL = ['content-type: application/json', 'connection: close'];
const bodyOf = (query: string, more: object = {}): string => JSON.stringify({ query, ...more });
const CALLER = bodyOf('{ caller }');

/** Over both ways in: the front door takes what tells its length, the pipeline the rest. */
async function post(body: string, ...lines: readonly string[]): Promise<WireAnswer[]> {
  const length = Buffer.byteLength(body);
  const direct = requestText(POST, [...USUAL, `content-length: ${length}`, ...lines], body);
  const chunk = `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const piped = requestText(POST, [...USUAL, 'transfer-encoding: chunked', ...lines], chunk);
  return (await Promise.all([direct, piped].map((text) => onWire(gateway, [text])))).flat();
}

const header = ({ headers }: WireAnswer, name: string): string | undefined =>
  headers.find(([one]) => one === name)?.[1];
const OWN = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

describe('an id that a client gives its request', () => {
  test.each(
    ['abc', '1-67891233-abcdef012345678912345678', 'Root=1-2;a', 'a'.repeat(128), 'YWJj+/=='].filter(
      (id) => !id.includes(';'),
    ),
  )('is kept, for the response, the log and subgraphs, when it is one: %s', async (id) => {
    for (const answer of await post(CALLER, `x-request-id: ${id}`)) expect(header(answer, 'x-request-id')).toBe(id);
    expect(subgraph.seen.at(-1)?.headers['x-request-id']).toBe(id);
  });

  test.each([
    ['129 characters', 'a'.repeat(129)],
    ['8,000 characters', 'a'.repeat(8_000)],
    ['a space', 'a b'],
    ['quotes', '","level":"fatal"'],
    ['a tab', 'a\tb'],
    ['markup', '<script>'],
    ['bytes beyond ASCII', 'a\u00e9'],
    ['what a shell or a query would read', "';--"],
    ['two of them', 'a\r\nx-request-id: b'],
    ['nothing', ''],
  ])('is replaced when it has %s', async (_, id) => {
    for (const answer of await post(CALLER, `x-request-id: ${id}`)) {
      expect(header(answer, 'x-request-id')).toMatch(OWN);
    }
    expect(subgraph.seen.at(-1)?.headers['x-request-id']).toMatch(OWN);
    if (id.length > 1) expect(gateway.log()).not.toContain(id);
  });

  test('is replaced too where the front door answers again', async () => {
    const ask = () => post(bodyOf('{ __typename }'), 'x-request-id: <b>');
    for (let at = 0; at < 3; at++)
      for (const answer of await ask()) expect(header(answer, 'x-request-id')).toMatch(OWN);
  });
});

describe('no header of a response is made by a client', () => {
  test('whatever stands in its own', async () => {
    const known = new Set((await post(CALLER)).flatMap(({ headers }) => headers.map(([name]) => name)));
    const name = fc.constantFrom(
      'x-request-id',
      'traceparent',
      'tracestate',
      'baggage',
      'origin',
      'accept',
      'accept-language',
      'host',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'forwarded',
      'user-agent',
      'referer',
      'range',
      'if-none-match',
      'authorization',
      'x-api-key',
      'cookie',
      'apollo-require-preflight',
      'x-http-method-override',
    );
    const byte = fc.oneof(fc.integer({ min: 0x20, max: 0xff }), fc.constantFrom(0x09, 0x0a, 0x0d, 0x22, 0x3b, 0x2c));
    const value = fc
      .array(byte, { maxLength: 40 })
      .map((bytes) => Buffer.from([...bytes, ...Buffer.from('Injected: 1')]));
    await fc.assert(
      fc.asyncProperty(name, value, async (field, bytes) => {
        const head = requestText(POST, [...USUAL, `content-length: ${CALLER.length}`, `${field}: `]).slice(0, -4);
        const answers = await onWire(gateway, [
          Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n\r\n${CALLER}`)]),
        ]);
        expect(answers).toHaveLength(1);
        for (const { status, headers } of answers) {
          expect(status).toBeLessThan(500);
          if (status === 200) expect(headers.filter(([one]) => !known.has(one) && !CORS.test(one))).toEqual([]);
          const values = headers.filter(([one]) => one !== 'access-control-allow-origin').map(([, text]) => text);
          expect(values.filter((text) => text.includes('Injected'))).toEqual([]);
        }
      }),
      { numRuns: RUNS },
    );
  });
  const CORS = /^(?:access-control-|vary$|www-authenticate$|retry-after$|ratelimit|keep-alive$)/;

  test('subgraphs get none of a client’s headers, but for what names a request and its trace', async () => {
    const own = [
      'cookie: a=b',
      'x-forwarded-for: 6.6.6.6',
      'gatehouse-principal: me',
      'x-evil: 1',
      'via: me',
      'te: trailers',
    ];
    await post(CALLER, ...own, 'baggage: a=b', 'authorization-info: x', 'proxy-authorization: Basic YTpi');
    const seen = JSON.stringify(subgraph.seen.at(-1)?.headers);
    expect(seen).not.toMatch(/a=b|6\.6\.6\.6|"me"|x-evil|via|YTpi|trailers/);
    expect(subgraph.seen.at(-1)?.caller).toMatchObject({ kind: 'anonymous' });
  });
});

/** What a line of a log must not be made to say. */
const FORGED = 'forged-line';
const NASTY = [
  `\n{"level":"error","msg":"${FORGED}"}`,
  `\r\n{"level":"error","msg":"${FORGED}"}\r\n`,
  `\u001b[2J\u001b[31m${FORGED}`,
  `"}\n{"msg":"${FORGED}`,
  `\u2028{"msg":"${FORGED}"}\u0085`,
  `\0${FORGED}\b\b`,
  `%0a{"msg":"${FORGED}"}`,
];

test('whatever a client puts anywhere, a line of the log and of the audit log is one JSON object of the gateway’s', async () => {
  const inHeader = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
  for (const text of NASTY) {
    const path = encodeURIComponent(text);
    const value = inHeader(text);
    await post(
      bodyOf('query A { caller }', { operationName: text, variables: { [text]: text }, extensions: { [text]: text } }),
    );
    await post(bodyOf(`{ caller # ${text}\n }`));
    await post(bodyOf(`{ ${text} }`));
    await post(`{"query": "${text}`);
    for (const name of [
      'authorization',
      'x-api-key',
      'user-agent',
      'origin',
      'referer',
      'x-forwarded-for',
      'traceparent',
      'content-type',
      'accept',
    ]) {
      await post(CALLER, `${name}: ${value}`, `${name}: Bearer ${value}`);
    }
    for (const target of [
      `/${path}`,
      `/${path}/graphql`,
      `/graphql?query=${path}&operationName=${path}`,
      `/webhooks/cache?${path}`,
    ]) {
      await onWire(gateway, [
        requestText(`GET ${target} HTTP/1.1`, ['graphql-require-preflight: 1', 'connection: close']),
      ]);
    }
    await onWire(gateway, [requestText(`${text} / HTTP/1.1`, [])]);
    const socket = new WebSocket(`${gateway.url}/graphql?${path}`, 'graphql-transport-ws', {
      headers: { 'user-agent': value },
    });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { [text]: text } }));
    socket.send(
      JSON.stringify({
        type: 'subscribe',
        id: text.slice(0, 200),
        payload: { query: '{ caller }', operationName: text },
      }),
    );
    socket.send(text);
    await closed;
  }
  await post(CALLER, 'x-request-id: the-last-one');
  const audited = async (): Promise<string> => readFile(join(directory, 'audit.jsonl'), 'utf8');
  await until('the last record', async () => (await audited()).includes('the-last-one'));

  const complete = (text: string): string[] =>
    text
      .split('\n')
      .slice(0, -1)
      .filter((line) => line !== '');
  const [log, audit] = [complete(gateway.log()), complete(await audited())];
  expect([log.length > 20, audit.length > 50]).toEqual([true, true]);
  for (const line of [...log, ...audit]) {
    // Terminals take control characters for commands; lines may end with these two of Unicode as well.
    expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    const entry = JSON.parse(line) as { readonly msg?: unknown };
    expect(entry.msg).not.toBe(FORGED);
  }
});
