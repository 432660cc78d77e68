import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';
import { onWire, requestText } from './wire.ts';

/** Has a plugin that throws where a request says so. */
const CONFIG = new URL('../server/direct/gateway.config.ts', import.meta.url).pathname;
const SECRET = 'a secret of the plugin';

let subgraph: TestSubgraph;
let gateway: TestGateway;
beforeAll(async () => {
  subgraph = await startSubgraph('one', federated('type Query { one: Int fails: Int }'), {
    Query: {
      one: () => 1,
      fails: () => {
        throw new TypeError('a secret of the subgraph');
      },
    },
  });
  // In which GraphQL Yoga shows clients what was thrown.
  gateway = await startGateway({ subgraphs: [subgraph], config: CONFIG, env: { NODE_ENV: 'development' } });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

const BODY = JSON.stringify({ query: '{ one }' });
const HEADERS = ['content-type: application/json', 'connection: close'];
const LENGTH = `content-length: ${BODY.length}`;
const CHUNKED = 'transfer-encoding: chunked';
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

function expectNothingInside(text: string): void {
  expect(text).not.toMatch(/a secret of|originalError|stack|TypeError|node_modules|plugins\/|file:|\.ts:\d/);
}

test.each(['onRequest', 'onRequestParse', 'onParams', 'onExecute'])(
  'whatever NODE_ENV is, a client learns nothing of what was thrown in %s, and the log does',
  async (hook) => {
    for (const [length, body] of [
      [LENGTH, BODY],
      [CHUNKED, CHUNKS],
    ] as const) {
      const [answer] = await onWire(gateway, [
        requestText('POST /graphql HTTP/1.1', [...HEADERS, length, `x-throw: ${hook}`], body),
      ]);
      expect(answer?.status).toBe(500);
      expectNothingInside(JSON.stringify(answer));
      const [, id = 'none'] = answer?.headers.find(([name]) => name === 'x-request-id') ?? [];
      await until('the error in the log, with the request id', () => gateway.log().includes(id));
    }
    expect(gateway.log()).toContain(SECRET);
  },
);

test('the same over a WebSocket', async () => {
  const socket = new WebSocket(`${gateway.url}/graphql`, 'graphql-transport-ws', {
    headers: { 'x-throw': 'onExecute' },
  });
  const told: string[] = [];
  socket.on('message', (message: Buffer) => told.push(message.toString()));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await until('the acknowledgement', () => told.length > 0);
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ one }' } }));
  await until('the error', () => told.length > 1);
  socket.terminate();
  expect(told.join()).toContain('INTERNAL_SERVER_ERROR');
  expectNothingInside(told.join());
});

test('a client learns nothing of what went wrong in a subgraph', async () => {
  const result = await gateway.query('{ one fails }');
  expect(result.errors).toHaveLength(1);
  expectNothingInside(JSON.stringify(result));
});
