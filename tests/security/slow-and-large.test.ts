import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setInterval } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCallerSubgraph, type CallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { answersIn, onWire, openWire, received, requestText } from './wire.ts';

const CONFIG = new URL('../authentication/gateway/gateway.config.ts', import.meta.url).pathname;
/** ms, but for the last. */
const LIMITS = { headersTimeout: 500, requestTimeout: 1_000, socketTimeout: 1_500, maxBodyBytes: 5_000 };

let subgraph: CallerSubgraph;
let gateway: TestGateway;
beforeAll(async () => {
  subgraph = await startCallerSubgraph();
  const SERVER = JSON.stringify({ frontDoor: true, ...LIMITS });
  gateway = await startGateway({ subgraphs: [subgraph], config: CONFIG, env: { ...subgraph.env, SERVER } });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

const POST = 'POST /graphql HTTP/1.1';
const JSON_TYPE = 'content-type: application/json';
const BODY = JSON.stringify({ query: '{ caller }' });

/** Writes a byte now and then, until nobody takes them any more. */
async function drip(socket: Socket, text: string): Promise<void> {
  let at = 0;
  for await (const _ of setInterval(50)) {
    if (socket.destroyed || at >= text.length) return;
    socket.write(text[at++] ?? '');
  }
}

describe('whoever is slow is cut off, and nobody else waits for it', () => {
  const endless = (from: string) => from + 'x'.repeat(1_000);

  test.concurrent.each([
    ['a connection on which nothing comes', '', ''],
    ['a head that comes byte by byte', '', endless('GET /health/live HTTP/1.1\r\nx: ')],
    [
      'a second head that comes byte by byte',
      requestText('GET /health/live HTTP/1.1', []),
      endless('GET / HTTP/1.1\r\nx: '),
    ],
    [
      'a body that comes byte by byte, to the front door',
      requestText(POST, [JSON_TYPE, 'content-length: 1000']),
      endless('{"query":"'),
    ],
    [
      'a body that comes byte by byte, in chunks',
      requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked']),
      '1\r\n{\r\n'.repeat(200),
    ],
    [
      'a body that comes byte by byte, for a webhook',
      requestText('POST /webhooks/cache HTTP/1.1', [JSON_TYPE, 'content-length: 1000']),
      endless('{'),
    ],
    ['a body that does not come', requestText(POST, [JSON_TYPE, 'content-length: 1000']), ''],
  ])('%s', async (_, first, rest) => {
    const seen = subgraph.seen.length;
    const start = performance.now();
    const socket = openWire(gateway);
    const all = received(socket);
    socket.write(first);
    await Promise.all([drip(socket, rest), once(socket, 'close')]);
    // Node looks once a second at most.
    expect(performance.now() - start).toBeLessThan(LIMITS.requestTimeout + LIMITS.headersTimeout + 1_500);
    expect(
      answersIn(await all)
        .map(({ status }) => status)
        .at(-1) ?? 408,
    ).toBe(408);
    expect(subgraph.seen).toHaveLength(seen);
  });

  test('a client that does not read what it asked for', async () => {
    const socket = openWire(gateway);
    socket.pause();
    const request = requestText('GET /health HTTP/1.1', []).repeat(200);
    for await (const _ of setInterval(20)) {
      if (socket.destroyed) break;
      if (socket.writableLength < 1_000_000) socket.write(request);
    }
    expect(await gateway.status('/health/live')).toBe(200);
  });

  test('300 slow connections at once', async () => {
    const sockets = Array.from({ length: 300 }, () => openWire(gateway));
    const closed = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) socket.resume().write(`${POST}\r\nx: `);
    const start = performance.now();
    expect((await gateway.query('{ caller }')).errors).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(1_000);
    await Promise.all(closed);
  });
});

describe('no more is read of a request than the limits say', () => {
  const post = (length: number, ...lines: string[]) =>
    requestText(POST, [JSON_TYPE, `content-length: ${length}`, ...lines]);
  const chunks = (bytes: number, ...lines: string[]) => {
    const chunk = `3e8\r\n${' '.repeat(1_000)}\r\n`.repeat(bytes / 1_000);
    return requestText(POST, [JSON_TYPE, 'transfer-encoding: chunked', ...lines], chunk);
  };
  const TOO_LARGE = { code: 'REQUEST_ENTITY_TOO_LARGE' };

  test.each([
    ['its length says so, before any of it is sent', post(LIMITS.maxBodyBytes + 1)],
    ['it waits to be told to go on', post(LIMITS.maxBodyBytes + 1, 'expect: 100-continue')],
    ['it is in chunks', chunks(LIMITS.maxBodyBytes + 1_000)],
    ['it is for a webhook', post(1e9).replace('/graphql', '/webhooks/cache')],
    ['it is for nobody', post(1e9).replace('/graphql', '/nothing')],
  ])('a body that is too large is refused with 413: %s', async (_, sent) => {
    const [answer, ...more] = await onWire(gateway, [sent]);
    expect(more).toEqual([]);
    expect(answer?.status).toBe(413);
    expect(JSON.parse(answer?.body ?? '').errors).toEqual([{ message: expect.any(String), extensions: TOO_LARGE }]);
    expect(gateway.log()).not.toMatch(/ERR |Unexpected|TypeError|Unhandled/);
  });

  test('who is still sending what is too large gets to read that it is', async () => {
    const body = 'x'.repeat(5_000_000);
    const headers = { 'content-type': 'application/json' };
    const refused = Array.from({ length: 20 }, async () => {
      const { status } = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body });
      return status;
    });
    expect(new Set(await Promise.all(refused))).toEqual(new Set([413]));
  });

  test('a body that is as large as may be is read', async () => {
    const full = BODY.padEnd(LIMITS.maxBodyBytes);
    const inChunks = [
      chunks(LIMITS.maxBodyBytes - 1_000, 'connection: close'),
      `3e8\r\n${BODY.padEnd(1_000)}\r\n0\r\n\r\n`,
    ];
    for (const parts of [[post(full.length, 'connection: close') + full], inChunks]) {
      expect((await onWire(gateway, parts)).map(({ status }) => status)).toEqual([200]);
    }
  });

  test.each([
    ['a header of 17 kB', requestText('GET /graphql HTTP/1.1', [`x: ${'y'.repeat(17_000)}`])],
    [
      '17 kB of headers',
      requestText(
        'GET /graphql HTTP/1.1',
        Array.from({ length: 2_400 }, (_, at) => `x${at}: yyyy`),
      ),
    ],
    ['a URL of 17 kB', requestText(`GET /graphql?query=${'x'.repeat(17_000)} HTTP/1.1`, [])],
  ])('%s is refused with 431', async (_, sent) => {
    expect((await onWire(gateway, [sent])).map(({ status }) => status)).toEqual([431]);
  });

  test('a credential counts behind any number of headers', async () => {
    const many = Array.from({ length: 2_500 }, () => 'a:');
    const lines = [JSON_TYPE, `content-length: ${BODY.length}`, 'connection: close'];
    const ask = (...more: string[]) => onWire(gateway, [requestText(POST, [...lines, ...many, ...more], BODY)]);
    expect((await ask()).map(({ status }) => status)).toEqual([200]);
    const [answer] = await ask('authorization: Bearer wrong');
    expect(answer?.status).toBe(401);
  });
});
