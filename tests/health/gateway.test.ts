import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HealthReport } from '../../plugins/health/index.ts';
import { startAuthZen, type AuthZenServer } from '../harness/authzen-server.ts';
import { startGateway, type GatewayOptions, type TestGateway } from '../harness/gateway.ts';
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { freePort, startRedis, type RedisServer } from '../harness/redis.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

// Each part is broken for real, on running gateways: one that probes often and tells everyone, and one that all but
// never probes, tells whoever has the token, and has critical parts.

const SDL = federated('type Query { hello: String }');
const GUARDED =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@policy"])\n' +
  'type Query { secret: String @policy(policies: [["read"]]) }';
const TOKEN = 'the-token-of-an-operator';
/** ms in which the gateway serves on when it was told to end. */
const DRAIN_DELAY = 1_000;
const ADDRESS = /127\.0\.0\.1|localhost|[^"]:\d{4,5}\b/;

let items: TestSubgraph;
let guarded: TestSubgraph;
/** Of the second gateway. */
let itemsToo: TestSubgraph;
let guardedToo: TestSubgraph;
let redis: RedisServer;
let provider: IdentityProvider;
let engine: AuthZenServer;
let open: TestGateway;
let closed: TestGateway;
let adminPort: number;

beforeAll(async () => {
  [items, guarded, itemsToo, guardedToo, redis, provider, engine, adminPort] = await Promise.all([
    startSubgraph('items', SDL, { Query: { hello: () => 'world' } }),
    startSubgraph('guarded', GUARDED, { Query: { secret: () => 'known' } }),
    startSubgraph('items', SDL, { Query: { hello: () => 'world' } }),
    startSubgraph('guarded', GUARDED, { Query: { secret: () => 'known' } }),
    startRedis(),
    startIdentityProvider(),
    startAuthZen('permit(principal, action, resource);'),
    freePort(),
  ]);
  const env = {
    REDIS_URL: redis.url,
    INTROSPECTION_ENDPOINT: provider.introspectionEndpoint,
    INTROSPECTION_CLIENT_ID: provider.client.id,
    INTROSPECTION_CLIENT_SECRET: provider.client.secret,
    AUTHZEN_URL: engine.url,
  };
  const start = (subgraphs: readonly TestSubgraph[], more: GatewayOptions['env']) =>
    startGateway({
      subgraphs,
      config: new URL('gateway.config.ts', import.meta.url).pathname,
      env: { ...env, ...more },
    });
  const critical = ['redis', 'subgraph:items'];
  [open, closed] = await Promise.all([
    start([items, guarded], { HEALTH: JSON.stringify({ probeInterval: 250 }) }),
    start([itemsToo, guardedToo], {
      HEALTH: JSON.stringify({ probeInterval: 3_600_000, critical, drainDelay: DRAIN_DELAY }),
      HEALTH_TOKEN: TOKEN,
      ADMIN_PORT: String(adminPort),
    }),
  ]);
  // Both are asked for the first time at the start.
  await until(
    'all to be well',
    async () => (await whole(open)).status === 'ok' && (await whole(closed)).status === 'ok',
  );
});
afterEach(async () => {
  for (const subgraph of [itemsToo, guardedToo]) subgraph.break(undefined);
  await Promise.all([items.start(), provider.start().catch(() => {})]);
});
afterAll(async () => {
  await Promise.all([open, closed].map((gateway) => gateway?.[Symbol.asyncDispose]()));
  await Promise.all(
    [items, guarded, itemsToo, guardedToo, provider, engine].map((server) => server?.[Symbol.asyncDispose]()),
  );
  await redis?.close();
});

interface Answered {
  readonly code: number;
  readonly report: HealthReport;
}

async function ask(gateway: TestGateway, authorization = `Bearer ${TOKEN}`): Promise<Answered> {
  const response = await fetch(`${gateway.url}/health`, { headers: { authorization } });
  const text = await response.text();
  expect(text).not.toMatch(ADDRESS);
  return { code: response.status, report: JSON.parse(text) as HealthReport };
}

const whole = async (gateway: TestGateway): Promise<HealthReport> => (await ask(gateway)).report;

function healthWhen(gateway: TestGateway, what: string, holds: (report: HealthReport) => boolean): Promise<Answered> {
  return until(what, async () => {
    const answered = await ask(gateway);
    return holds(answered.report) && answered;
  });
}

const subgraphOf = (report: HealthReport, name: string) => report.subgraphs.find((one) => one.name === name);

async function query(gateway: TestGateway, text: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: text }),
  });
}

test('all parts are told of', async () => {
  expect(await whole(open)).toMatchObject({
    status: 'ok',
    supergraph: { status: 'ok', version: expect.any(String), ageSeconds: expect.any(Number), conflicts: [] },
    subgraphs: [
      { name: 'items', status: 'ok', latencyMs: expect.any(Number), lastOkAt: expect.any(String), error: null },
      { name: 'guarded', status: 'ok' },
    ],
    redis: { status: 'ok' },
    identityProviders: [{ method: 'introspection', status: 'unknown', error: null }],
    policyEngines: [{ engine: 'authzen', status: 'unknown', error: null }],
    auditSinks: [],
    eventLoop: { status: expect.any(String) },
    draining: false,
  });
});

test('a subgraph that does not answer degrades the whole until it does', async () => {
  await items.stop();
  const { code, report } = await healthWhen(
    open,
    'it to be down',
    (one) => subgraphOf(one, 'items')?.status === 'down',
  );
  expect({ code, status: report.status }).toEqual({ code: 200, status: 'degraded' });
  expect(subgraphOf(report, 'items')).toMatchObject({ latencyMs: null, error: 'it refused the connection' });
  expect(await open.status('/health/ready')).toBe(200);
  await items.start();
  await healthWhen(open, 'it to be ok', (one) => one.status === 'ok');
});

test('calls of clients tell of a subgraph without a probe; one that is critical takes the whole down', async () => {
  let requests = 0;
  itemsToo.break((_, response) => {
    requests++;
    response.writeHead(503).end();
  });
  for (let count = 1; count <= 3; count++) {
    await query(closed, `{ again${count}: hello }`);
    const error = count === 1 ? 'a call failed: unreachable' : `${count} calls in a row failed: unreachable`;
    const { code, report } = await healthWhen(closed, error, (one) => subgraphOf(one, 'items')?.error === error);
    const status = count < 3 ? 'degraded' : 'down';
    expect(subgraphOf(report, 'items')).toMatchObject({ status, latencyMs: null });
    expect({ code, status: report.status }).toEqual({ code: count < 3 ? 200 : 503, status });
  }
  // Able to serve what does not need it.
  expect(await closed.status('/health/ready')).toBe(200);
  expect(requests).toBe(3);
  itemsToo.break(undefined);
  expect(await (await query(closed, '{ hello }')).json()).toEqual({ data: { hello: 'world' } });
  await healthWhen(closed, 'it to be ok', (one) => one.status === 'ok');
});

test('Redis that is gone degrades the whole, and takes it down where it is critical', async () => {
  await redis.kill();
  const isDown = (one: HealthReport): boolean => one.redis.status === 'down';
  expect(await healthWhen(open, 'Redis to be down', isDown)).toMatchObject({
    code: 200,
    report: { status: 'degraded' },
  });
  expect(await healthWhen(closed, 'Redis to be down', isDown)).toMatchObject({ code: 503, report: { status: 'down' } });
  expect(await closed.status('/health/ready')).toBe(200);
  await redis.restart();
  for (const gateway of [open, closed]) await healthWhen(gateway, 'Redis to be up', (one) => one.status === 'ok');
});

test('an identity provider that could not be asked degrades the whole until it could', async () => {
  const authorization = `Bearer ${await provider.opaque()}`;
  await provider.stop();
  expect((await query(open, '{ hello }', { authorization })).status).toBe(503);
  const { report } = await healthWhen(open, 'the outage', (one) => one.identityProviders[0]?.status === 'down');
  expect(report).toMatchObject({
    status: 'degraded',
    identityProviders: [{ method: 'introspection', status: 'down', error: expect.stringContaining('not be reached') }],
  });
  await provider.start();
  await until('the token to be taken', async () => (await query(open, '{ hello }', { authorization })).status === 200);
  await healthWhen(open, 'the end of the outage', (one) => one.status === 'ok');
});

test('a policy engine that could not be asked degrades the whole until it could', async () => {
  await engine.stop();
  await query(open, '{ secret }');
  const { report } = await healthWhen(open, 'the outage', (one) => one.policyEngines[0]?.status === 'down');
  expect(report).toMatchObject({
    status: 'degraded',
    policyEngines: [{ engine: 'authzen', status: 'down', error: expect.stringContaining('not be reached') }],
  });
  await engine.start();
  await query(open, '{ secret }');
  await healthWhen(open, 'the end of the outage', (one) => one.status === 'ok');
});

test('no request for it reaches a subgraph, however many come', async () => {
  let requests = 0;
  for (const subgraph of [itemsToo, guardedToo]) {
    subgraph.break((_, response) => {
      requests++;
      response.writeHead(503).end();
    });
  }
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 25 }, async (_, which) => {
        const path = ['/health', '/health/ready', '/health/live'][which % 3] ?? '';
        expect(await closed.status(path)).toBe(200);
      }),
    );
  }
  expect(requests).toBe(0);
});

describe('details that are private', () => {
  test.each([
    ['nothing', undefined],
    ['another token', 'Bearer the-token-of-an-operatoR'],
    ['the beginning of the token', 'Bearer the-token'],
    ['another scheme', `Basic ${TOKEN}`],
    ['no token', 'Bearer '],
  ])('are not for those who bring %s', async (_, authorization) => {
    const response = await fetch(
      `${closed.url}/health`,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  test('are for those who bring the token, and on the admin listener', async () => {
    expect(await whole(closed)).toMatchObject({ subgraphs: [{ name: 'items' }, { name: 'guarded' }] });
    const response = await fetch(`http://127.0.0.1:${adminPort}/health`);
    expect(await response.json()).toMatchObject({ status: 'ok', subgraphs: [{ name: 'items' }, { name: 'guarded' }] });
  });
});

test('it is answered to GET and HEAD, with a query or without, is not to be stored, and other paths are others', async () => {
  const response = await fetch(`${open.url}/health?verbose=1`, { method: 'HEAD' });
  expect({ status: response.status, text: await response.text() }).toEqual({ status: 200, text: '' });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': expect.stringMatching(/^\d{3,}$/),
  });
  const posted = await fetch(`${open.url}/health`, { method: 'POST', body: 'x'.repeat(100_000) });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect(await open.status('/health/other')).toBe(404);
  expect(await open.status('/healthy')).toBe(404);
});

test('a gateway that is told to end is not ready any more, and serves on until load balancers have noticed', async () => {
  const at = performance.now();
  const ended = closed.stop();
  // New connections, as a load balancer's clients have them.
  await until('it to say so', async () => (await statusOnNewConnection(`${closed.url}/health/ready`)) === 503);
  expect((await whole(closed)).draining).toBe(true);
  expect(await closed.status('/health/live')).toBe(200);
  expect(await (await query(closed, '{ hello }')).json()).toEqual({ data: { hello: 'world' } });
  expect(performance.now() - at).toBeLessThan(DRAIN_DELAY);
  expect(await ended).toBe(0);
  expect(performance.now() - at).toBeGreaterThanOrEqual(DRAIN_DELAY);
  await expect(statusOnNewConnection(`${closed.url}/health/ready`)).rejects.toThrow('ECONNREFUSED');
});

function statusOnNewConnection(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
}
