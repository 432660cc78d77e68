import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { LimitsOptions } from '../../plugins/limits/index.ts';
import { startDemoSubgraphs, type RunningDemo } from '../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { firstEvent } from '../subgraphs/first-event.ts';

// Limits on the running gateway, counted in a real Redis. Each test has policies of its own, for operations of one name.

/** So slow that nothing comes back while a test runs. */
const SLOW = 0.001;
const bucket = (name: string, capacity: number) => ({ name, capacity, refillPerSecond: SLOW });
const named = (operationName: string) => ({ match: { operationName } });
const month = { limit: 2, period: { unit: 'month' as const } };

const LIMITS: Omit<LimitsOptions, 'store'> = {
  operation: {
    depth: 3,
    fields: 12,
    aliases: { max: 1, tiers: { gold: 2 } },
    height: { max: 8, mode: 'measure' },
    listItems: 2,
  },
  introspection: { depth: 2 },
  tokens: 100,
  cost: { max: 600, subgraphs: { reviews: 5 } },
  policies: [
    { ...bucket('burst', 3), ...named('Burst') },
    { ...bucket('batch', 3), ...named('Batch') },
    { ...bucket('socket', 2), ...named('Socket') },
    { ...bucket('events', 2), ...named('Events'), events: true },
    { ...bucket('by-address', 2), match: { operationName: 'Shared', principalKind: 'anonymous' }, scope: 'address' },
    { ...bucket('writes', 1), match: { operationName: 'Shared', operationKind: 'mutation' }, scope: 'global' },
    { ...bucket('cost', 1_000), ...named('Cost'), unit: 'cost' },
    { ...bucket('tiny', 2), ...named('Dear'), unit: 'cost' },
  ],
  quotas: [
    { ...month, ...named('Monthly'), name: 'rejecting' },
    { ...month, ...named('Overage'), name: 'billed', overage: 'allow' },
    { ...month, ...named('Overage'), name: 'throttled', overage: { throttle: { capacity: 1, refillPerSecond: SLOW } } },
  ],
};

let demo: RunningDemo;
let redis: RedisServer;
let gateway: TestGateway;
beforeAll(async () => {
  [demo, redis] = await Promise.all([startDemoSubgraphs({ ports: 'free' }), startRedis()]);
  gateway = await startGateway({
    subgraphs: demo.subgraphs,
    config: new URL('cases/limits.config.ts', import.meta.url).pathname,
    env: { REDIS_URL: redis.url, LIMITS: JSON.stringify(LIMITS), TRUSTED_PROXIES: '127.0.0.1' },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([demo?.close(), redis?.close()]);
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

interface Body {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
  readonly extensions?: Record<string, unknown>;
}

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

const small = (name: string) => ({ query: `query ${name} { user(id: "1") { username } }` });
const refusalOf = ({ errors }: Body) => errors?.[0]?.extensions;

describe('a bucket', () => {
  test('answers 429 beyond its capacity, with what the contract says, and headers on every answer', async () => {
    const answers: Answer[] = [];
    for (let i = 0; i < 4; i++) answers.push(await post(small('Burst')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get('ratelimit'))).toEqual([
      '"burst";r=2;t=1000',
      '"burst";r=1;t=2000',
      '"burst";r=0;t=3000',
      '"burst";r=0;t=3000',
    ]);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"burst";q=3;w=3000');
    expect(answers[3]?.headers.get('retry-after')).toBe('1000');
    expect(answers[3]?.body).toEqual({
      errors: [
        {
          message: 'Too many requests.',
          extensions: { code: 'RATE_LIMITED', policy: 'burst', limit: 3, remaining: 0, retryAfter: 1000 },
        },
      ],
    });
  });

  test('counts each operation of a batch', async () => {
    const one = small('Batch');
    const { body } = await post([one, one, one, one]);
    const codes = (body as unknown as Body[]).map((answer) => refusalOf(answer)?.code);
    expect(codes.toSorted()).toEqual(['RATE_LIMITED', undefined, undefined, undefined]);
  });

  test('counts operations and the starts of subscriptions on a WebSocket', async () => {
    const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    onTestFinished(() => void client.dispose());
    const first = async (query: string) => (await client.iterate({ query }).next()).value;
    const subscription = 'subscription Socket { stockChanged(upc: "1") { upc } }';
    expect(await first(small('Socket').query)).toMatchObject({ data: { user: { username: expect.any(String) } } });
    const event = await firstEvent(client.iterate({ query: subscription }), () => changeStock());
    expect(event).toEqual({ data: { stockChanged: { upc: '1' } } });
    const refused = [{ extensions: { code: 'RATE_LIMITED', policy: 'socket' } }];
    await expect(first(small('Socket').query)).rejects.toMatchObject(refused);
    await expect(first(subscription)).rejects.toMatchObject(refused);
  });

  test('drops the events of a subscription that are beyond it, where they count', async () => {
    const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
    onTestFinished(() => void client.dispose());
    const got: unknown[] = [];
    const query = 'subscription Events { stockChanged(upc: "2") { upc } }';
    client.subscribe({ query }, { next: (event) => void got.push(event), error: () => {}, complete: () => {} });
    // One of two tokens is for its start.
    await until('the first event', async () => {
      await changeStock('2');
      return got.length > 0;
    });
    for (let i = 0; i < 5; i++) await changeStock('2');
    // An event of another subscription on the same socket comes after them.
    await firstEvent(client.iterate({ query: 'subscription { stockChanged(upc: "2") { upc } }' }), () =>
      changeStock('2'),
    );
    expect(got).toEqual([{ data: { stockChanged: { upc: '2' } } }]);
  });
});

async function changeStock(upc = '1'): Promise<void> {
  await post({ query: `mutation { setStock(upc: "${upc}", quantity: 7) { upc } }` });
}

describe('a policy', () => {
  test('is for the operations that it matches, and its scope says who shares it', async () => {
    const from = (address: string) => post(small('Shared'), { 'x-forwarded-for': address });
    // Of one /64.
    expect((await from('2001:db8::1')).status).toBe(200);
    expect((await from('2001:db8::2')).status).toBe(200);
    expect(refusalOf((await from('2001:db8::3')).body)?.policy).toBe('by-address');
    expect((await from('2001:db8:0:1::3')).status).toBe(200);
    const write = { query: 'mutation Shared { setStock(upc: "1", quantity: 7) { upc } }' };
    expect((await post(write, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(200);
    expect(refusalOf((await post(write, { 'x-forwarded-for': '192.0.2.2' })).body)?.policy).toBe('writes');
    // All or nothing: the address of the one refused has lost nothing.
    expect((await from('192.0.2.2')).headers.get('ratelimit')).toBe('"by-address";r=1;t=1000');
  });
});

describe('cost', () => {
  test('is settled with what was really used, and told to those who ask', async () => {
    const query = 'query Cost { products(first: 50) { upc } }';
    const search = 'query Cost { search(text: "no such thing", first: 50) { __typename } }';
    const { body } = await post({ query: search, extensions: { cost: true } });
    const { estimated, actual } = (body.extensions?.cost ?? {}) as { estimated: number; actual: number };
    expect(estimated).toBeGreaterThan(actual);
    expect(actual).toBeGreaterThan(0);
    await expect
      .poll(async () => (await post({ query: 'query Cost { __typename }' })).headers.get('ratelimit'))
      .toMatch(new RegExp(`^"cost";r=${1_000 - actual};`));
    expect((await post({ query })).body.extensions).toBeUndefined();
  });

  test('beyond what a policy ever gives is refused for good', async () => {
    const { status, headers, body } = await post({ query: 'query Dear { products(first: 50) { upc } }' });
    expect({ status, retryAfter: headers.get('retry-after') }).toEqual({ status: 400, retryAfter: null });
    expect(refusalOf(body)).toMatchObject({ code: 'OPERATION_TOO_COMPLEX', measure: 'cost', limit: 2, policy: 'tiny' });
  });
});

describe('a quota', () => {
  test('is QUOTA_EXCEEDED when it is used up, with the time until the next period', async () => {
    for (let i = 0; i < 2; i++) expect((await post(small('Monthly'))).status).toBe(200);
    const { status, headers, body } = await post(small('Monthly'));
    expect(status).toBe(429);
    expect(refusalOf(body)).toMatchObject({ code: 'QUOTA_EXCEEDED', policy: 'rejecting', limit: 2, remaining: 0 });
    const now = new Date();
    const left = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - now.getTime();
    expect(Math.abs(Number(headers.get('retry-after')) - left / 1000)).toBeLessThan(60);
    const told = gateway
      .log()
      .split('\n')
      .filter((line) => line.includes('A threshold of a quota was reached'));
    expect(told.length).toBeGreaterThan(0);
  });

  test('goes on beyond its limit when overage is allowed, or by a slower bucket', async () => {
    for (let i = 0; i < 3; i++) expect((await post(small('Overage'))).status).toBe(200);
    expect(refusalOf((await post(small('Overage'))).body)).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      policy: 'throttled',
    });
  });
});

describe('before anything is executed', () => {
  test.each<[string, string, object]>([
    ['depth', '{ user(id: "1") { wishlist { brand { name } } } }', { actual: 4, limit: 3 }],
    ['aliases', '{ a: user(id: "1") { b: username } }', { actual: 2, limit: 1 }],
    ['fields', `{ ${'__typename '.repeat(13)} }`, { actual: 13, limit: 12 }],
    ['tokens', `{ ${'__typename '.repeat(120)} }`, { actual: 101, limit: 100 }],
    ['cost', '{ search(text: "a", first: 500) { __typename ... on Product { brand { name } } } }', { limit: 600 }],
    ['cost.reviews', '{ user(id: "1") { reviews(first: 20) { body } } }', { limit: 5 }],
    ['introspection.depth', '{ __schema { types { name } } }', { actual: 3, limit: 2 }],
  ])('too much of %s is refused', async (measure, query, extensions) => {
    const { status, body } = await post({ query });
    expect(refusalOf(body)).toMatchObject({ code: 'OPERATION_TOO_COMPLEX', measure, ...extensions });
    expect(status).toBe(400);
  });

  test('what is only measured is executed, and logged', async () => {
    const query = `{ user(id: "1") { username } ${Array.from({ length: 8 }, () => '__typename').join(' ')} }`;
    expect((await post({ query })).status).toBe(200);
  });
});
