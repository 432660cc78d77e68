import { request } from 'node:http';
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
  gateway = await startGateway({
    subgraphs: demo.subgraphs,
    env: { ADMIN_PORT: String(port), ADMIN_NAMES: 'gateway, gateway.internal' },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await demo?.close();
});

const COUNTS = { hit: 0, miss: 0, stale: 0, bypass: 0 };

test('/status tells versions, the health, the supergraph, Redis, the subgraphs, the limits, the caches and the subscriptions', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/status`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toMatchObject({
    versions: {
      gatehouse: expect.any(String),
      hiveGateway: expect.any(String),
      queryPlanner: expect.any(String),
      node: process.versions.node,
    },
    health: { status: 'ok' },
    supergraph: { status: 'ok', version: expect.any(String) },
    reloads: [{ version: expect.any(String), changes: [] }],
    redis: { status: 'off' },
    upstream: expect.any(Array),
    limits: { usage: [] },
    cache: {
      l1: { entries: 0, bytes: 0, maxBytes: 64 * 1024 * 1024 },
      l2: 'off',
      undelivered: 0,
      requests: { l1: COUNTS, l2: COUNTS, entity: COUNTS },
    },
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
  const text = await response.text();
  expect(response.status).toBe(404);
  for (const path of ['/', '/status', '/health', '/metrics']) expect(text).toMatch(new RegExp(`[: ]${path}[,\n]`));
  expect((await fetch(`http://127.0.0.1:${port}/status`, { method: 'POST' })).status).toBe(405);
});

test('nothing of it is stored, framed, or taken for what it is not', async () => {
  for (const path of ['/', '/status', '/nothing']) {
    const { headers } = await fetch(`http://127.0.0.1:${port}${path}`);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringMatching(/^default-src 'none';.* frame-ancestors 'none'$/),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  }
});

test.each([
  ['evil.example', 421],
  ['evil.example:4001', 421],
  ['localhost.evil.example', 421],
  ['127.0.0.1.evil.example', 421],
  ['localhost', 200],
  ['gateway:4001', 200],
  ['gateway.internal', 200],
  ['127.0.0.1:4001', 200],
  ['[::1]:4001', 200],
])('to a page whose own name leads here, nothing is told: Host "%s" gets %i', async (host, status) => {
  for (const path of ['/', '/status', '/health', '/metrics']) expect(await statusFor(path, host)).toBe(status);
});

function statusFor(path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
}

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

test.each(['a b', 'gateway:4001', 'https://gateway', ','])('ADMIN_NAMES=%s stops the gateway', (ADMIN_NAMES) => {
  const log = { info: () => {}, error: () => {} };
  expect(() => useAdmin({ ...adminFromEnvironment({ ADMIN_NAMES }), status: {}, log })).toThrow('ADMIN_NAMES');
});
