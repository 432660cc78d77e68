import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
/** Stands in everything that must not reach a client. */
const CANARY = 'canary-51d2';
const SDL = federated('type Query { now: Int } type Subscription { ticks: Int }');

type Result = { data?: unknown; errors?: { message: string; extensions?: Record<string, unknown> }[] };

/** Answers the subscription that the gateway opens. */
let stream: (request: IncomingMessage, response: ServerResponse) => void;
let port: number;
let gateway: TestGateway;
const server = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers.accept?.includes('text/event-stream')) return stream(request, response);
  const { query = '' } = JSON.parse((await text(request)) || '{}') as { query?: string };
  response.setHeader('content-type', 'application/json');
  const data = query.includes('_service') ? { _service: { sdl: SDL } } : { now: 1 };
  response.end(JSON.stringify({ data }));
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  gateway = await startGateway({
    subgraphs: [{ name: 'clock', url: `http://127.0.0.1:${port}/graphql` }],
    config: CONFIG,
    env: { SUBSCRIPTIONS: 'sse' },
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

function open(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
}

const tick = (response: ServerResponse, ticks: unknown) =>
  response.write(`event: next\ndata: ${JSON.stringify({ data: { ticks } })}\n\n`);

const complete = (response: ServerResponse) => response.end('event: complete\ndata:\n\n');

/** All that a client gets of the subscription. */
async function events(): Promise<Result[]> {
  const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  const seen: Result[] = [];
  try {
    for await (const event of client.iterate({ query: 'subscription { ticks }' })) seen.push(event as Result);
  } finally {
    await client.dispose();
  }
  return seen;
}

test('events reach the client as they come', async () => {
  stream = (_, response) => {
    open(response);
    for (const ticks of [1, 2, 3]) tick(response, ticks);
    complete(response);
  };
  expect(await events()).toEqual([1, 2, 3].map((ticks) => ({ data: { ticks } })));
});

const FAULTS: Record<string, typeof stream> = {
  'status 500 with HTML'(_, response) {
    response.writeHead(500, { 'content-type': 'text/html' });
    response.end(`<html>${CANARY} at Object.stack</html>`);
  },
  'a connection that is reset'(request) {
    request.socket.resetAndDestroy();
  },
  'a refusal as JSON'(_, response) {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ errors: [{ message: 'No ticks.', extensions: { stacktrace: [CANARY], code: 'NO_TICKS' } }] }),
    );
  },
  'broken JSON in place of the first event'(_, response) {
    open(response);
    response.write(`event: next\ndata: {"data":{"${CANARY}\n\n`);
    complete(response);
  },
};

describe.each(Object.entries(FAULTS))('with %s', (_, fault) => {
  test('the client gets an error that says which subgraph, and nothing of what is in it', async () => {
    stream = fault;
    const [first, ...rest] = await events();
    expect(rest).toEqual([]);
    expect(first?.data ?? null).toSatisfy(
      (data: unknown) => data === null || JSON.stringify(data) === '{"ticks":null}',
    );
    expect(first?.errors).toHaveLength(1);
    expect(first?.errors?.[0]?.extensions).toMatchObject({ service: 'clock', code: expect.any(String) });
    const shown = JSON.stringify(first);
    for (const secret of [CANARY, '127.0.0.1', String(port), 'ECONN', 'node:', '.ts:']) {
      expect(shown).not.toContain(secret);
    }
  });
});

test('a stream that breaks off keeps its events, and ends with an error', async () => {
  stream = (_, response) => {
    open(response);
    tick(response, 1);
    setTimeout(() => response.socket?.resetAndDestroy(), 50);
  };
  const [first, last, ...rest] = await events();
  expect(first).toEqual({ data: { ticks: 1 } });
  expect(last?.errors?.[0]?.extensions).toMatchObject({ service: 'clock' });
  expect(rest).toEqual([]);
});

test('an event with an error does not repeat it in the next', async () => {
  stream = (_, response) => {
    open(response);
    tick(response, 'no number');
    tick(response, 2);
    complete(response);
  };
  const [first, second] = await events();
  expect(first?.data).toEqual({ ticks: null });
  expect(first?.errors).toHaveLength(1);
  expect(second).toEqual({ data: { ticks: 2 } });
});

test('a client that goes away ends the stream of the subgraph', async () => {
  let isOpen = false;
  stream = (_, response) => {
    isOpen = true;
    response.once('close', () => (isOpen = false));
    open(response);
    tick(response, 1);
  };
  const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  const ticks = client.iterate({ query: 'subscription { ticks }' });
  expect((await ticks.next()).value).toEqual({ data: { ticks: 1 } });
  expect(isOpen).toBe(true);
  await client.dispose();
  await until('the stream to end', () => !isOpen);
});
