import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminFromEnvironment, useAdmin } from '../../plugins/server/index.ts';
import { startDemoSubgraphs, type RunningDemo } from '../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { freePort } from '../harness/redis.ts';
import { until } from '../harness/until.ts';

// The listener for operators, on the running gateway.

let demo: RunningDemo;
let gateway: TestGateway;
let port: number;

beforeAll(async () => {
  [demo, port] = await Promise.all([startDemoSubgraphs({ ports: 'free' }), freePort()]);
  gateway = await startGateway({ subgraphs: demo.subgraphs, env: { ADMIN_PORT: String(port) } });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await demo?.close();
});

test('/status tells versions, the supergraph, Redis, the subgraphs, the limits, the caches and the subscriptions', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/status`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({
    versions: {
      gatehouse: expect.any(String),
      hiveGateway: expect.any(String),
      queryPlanner: expect.any(String),
      node: process.versions.node,
    },
    supergraph: expect.objectContaining({ status: 'ok', version: expect.any(String) }),
    redis: { status: 'off' },
    upstream: expect.any(Array),
    limits: { usage: [] },
    cache: { l1: { entries: 0, bytes: 0, maxBytes: 64 * 1024 * 1024 }, l2: 'off', undelivered: 0 },
    server: { frontDoor: { answered: 0, remembered: 0 }, webSockets: { connections: 0, operations: 0 } },
    subscriptions: {
      subscriptions: 0,
      channels: 0,
      sources: 0,
      callers: 0,
      upstream: { connections: 0, subscriptions: 0 },
    },
  });
});

test('it is not on the listener for clients, and says what it has', async () => {
  expect(await gateway.status('/status')).toBe(404);
  const response = await fetch(`http://127.0.0.1:${port}/nothing`);
  expect({ status: response.status, text: await response.text() }).toEqual({
    status: 404,
    text: 'There is: /status\n',
  });
  expect((await fetch(`http://127.0.0.1:${port}/status`, { method: 'POST' })).status).toBe(405);
});

test('a gateway whose admin port is taken says so and serves', async () => {
  const other = await startGateway({ subgraphs: demo.subgraphs, env: { ADMIN_PORT: String(port) } });
  try {
    await until('the log to tell', () => other.log().includes('The admin listener could not be opened'));
    expect((await other.query('{ __typename }')).data).toEqual({ __typename: 'Query' });
  } finally {
    await other[Symbol.asyncDispose]();
  }
});

test.each(['x', '-1', '65536', '1.5'])('ADMIN_PORT=%s stops the gateway', (ADMIN_PORT) => {
  const log = { info: () => {}, error: () => {} };
  expect(() => useAdmin({ ...adminFromEnvironment({ ADMIN_PORT }), status: {}, log })).toThrow('ADMIN_PORT');
});
