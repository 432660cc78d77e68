import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CALL, pooledFetch, type CallInit } from '../../plugins/upstream/pooled-fetch.ts';
import { until } from '../harness/until.ts';

const MAX_BYTES = 1_000;

let pool: Agent;
let server: ReturnType<typeof createServer>;
let url: string;
let asked: { readonly request: IncomingMessage; readonly response: ServerResponse }[];
let connections: number;
/** Answers at once when it is set; else a test does. */
let answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;

beforeEach(async () => {
  asked = [];
  connections = 0;
  answer = undefined;
  pool = new Agent({ connections: 10 });
  server = createServer((request, response) => {
    request.resume();
    asked.push({ request, response });
    answer?.(request, response);
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql?a=b`;
});

afterEach(async () => {
  await pool.destroy();
  server.closeAllConnections();
  server.close();
});

const send = pooledFetch(() => Promise.reject(new Error('not ours')));

function ask(headers: Record<string, string> = {}, init: CallInit = {}, isShareable = true, notBefore?: number) {
  const signal = new AbortController().signal;
  const call = { pool, maxBytes: MAX_BYTES, isShareable, notBefore };
  return send(url, { method: 'POST', body: '{ a }', headers, signal, [CALL]: call, ...init });
}

const echo = (_: number) => asked[_]?.response.end(JSON.stringify(asked[_]?.request.headers));
const reached = (count: number) => until(`${count} requests`, () => asked.length === count);

test('equal queries under way at the same time are one, and each gets the answer', async () => {
  const answers = [ask({ a: '1' }), ask({ a: '1' }), ask({ a: '1' })];
  await reached(1);
  echo(0);
  for (const one of answers) expect(await (await one).json()).toMatchObject({ a: '1' });
  expect(asked).toHaveLength(1);
});

test.each([
  ['another header value', { authorization: 'Bearer b' }, {}],
  ['another header', { authorization: 'Bearer a', 'x-tenant': 'b' }, {}],
  ['another body', { authorization: 'Bearer a' }, { body: '{ b }' }],
])('%s is another request', async (_, headers, init) => {
  const answers = [ask({ authorization: 'Bearer a' }), ask(headers, init)];
  await reached(2);
  for (const index of [0, 1]) echo(index);
  for (const one of answers) expect((await one).status).toBe(200);
});

test('what must not be from before something is not answered by a call from before it', async () => {
  const answers = [ask({}, {}, true, 1), ask({}, {}, true, 2), ask({}, {}, true, 2)];
  await reached(2);
  for (const index of [0, 1]) echo(index);
  for (const one of answers) expect((await one).status).toBe(200);
  expect(asked).toHaveLength(2);
});

test('an answer that has come is not shared with later queries', async () => {
  answer = (_, response) => response.end('{}');
  await ask();
  await ask();
  expect(asked).toHaveLength(2);
});

test('what changes something is never shared', async () => {
  answer = (_, response) => response.end('{}');
  await Promise.all([ask({}, {}, false), ask({}, {}, false)]);
  expect(asked).toHaveLength(2);
});

test('one who gives up does not end it for the others; when all have, the subgraph sees it end', async () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const answers = [ask({}, { signal: one.signal }), ask({}, { signal: other.signal })];
  await reached(1);
  let isClosed = false;
  asked[0]?.request.socket.once('close', () => (isClosed = true));
  one.abort(new Error('gone'));
  await expect(answers[0]).rejects.toThrow('gone');
  const late = ask();
  expect(isClosed).toBe(false);
  other.abort(new Error('gone too'));
  await expect(answers[1]).rejects.toThrow('gone too');
  expect(isClosed, 'one came meanwhile').toBe(false);
  echo(0);
  expect((await late).status).toBe(200);

  const last = new AbortController();
  const alone = ask({ b: '2' }, { signal: last.signal });
  await reached(2);
  asked[1]?.request.socket.once('close', () => (isClosed = true));
  last.abort(new Error('gone'));
  await expect(alone).rejects.toThrow('gone');
  await until('the connection to close', () => isClosed);
});

test('who asks while the same is being given up asks anew', async () => {
  const first = new AbortController();
  const given = ask({}, { signal: first.signal });
  await reached(1);
  first.abort(new Error('gone'));
  const second = ask();
  await expect(given).rejects.toThrow('gone');
  await reached(2);
  echo(1);
  expect((await second).status).toBe(200);
});

test('connections are used again', async () => {
  answer = (_, response) => response.end('{}');
  for (let call = 0; call < 20; call++) await ask();
  // An answer is there a moment before its connection is free.
  expect(connections).toBeLessThanOrEqual(2);
});

test.each([
  ['announced', (body: string) => ({ 'content-length': String(body.length) })],
  ['not announced', () => ({})],
  ['compressed', () => ({ 'content-encoding': 'gzip' })],
] as const)('an answer that is too large is refused: %s', async (name, headersOf) => {
  const body = 'x'.repeat(MAX_BYTES + 1);
  answer = (_, response) => {
    response.writeHead(200, headersOf(body));
    response.end(name === 'compressed' ? gzipSync(body) : body);
  };
  await expect(ask()).rejects.toThrow(`more than ${MAX_BYTES} bytes`);
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
] as const)('what a subgraph compressed with %s is read', async (encoding, compress) => {
  answer = (_, response) => {
    response.writeHead(503, { 'content-encoding': encoding, 'retry-after': '7' });
    response.end(compress('{"ä":1}'));
  };
  const response = await ask();
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('7');
  expect(await response.json()).toEqual({ ä: 1 });
});

test('path and query reach the subgraph, and early hints are not taken for its answer', async () => {
  answer = (_, response) => {
    response.writeEarlyHints({ link: '</a>; rel=preload' });
    response.end('{"a":1}');
  };
  expect(await (await ask()).json()).toEqual({ a: 1 });
  expect(asked[0]?.request.url).toBe('/graphql?a=b');
});

test('what is not a call to a subgraph goes to the fetch that was there', async () => {
  await expect(send(url, { method: 'POST', body: '{ a }' })).rejects.toThrow('not ours');
});
