import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';

// `@rateLimit` in a subgraph's schema, on the running gateway with a real Redis.

const SDL = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
    @link(url: "https://gatehouse.example/rateLimit/v1.0", import: ["@rateLimit"])
    @composeDirective(name: "@rateLimit")
  directive @rateLimit(
    max: Int, window: String, message: String, identityArgs: [String], arrayLengthField: String, readOnly: Boolean,
    uncountRejected: Boolean
  ) on FIELD_DEFINITION
  type Query {
    aliased: Int @rateLimit(max: 3, window: "1h", message: "Not so often, {{ id }}")
    parallel: Int @rateLimit(max: 3, window: "1h")
    byId(id: ID!): Int @rateLimit(max: 1, window: "1h", identityArgs: ["id"])
    looked: Int @rateLimit(max: 1, window: "1h", readOnly: true)
    configured: Int
  }
`;

let redis: RedisServer;
let subgraph: TestSubgraph;
let gateway: TestGateway;
beforeAll(async () => {
  const value = () => 1;
  const Query = { aliased: value, parallel: value, byId: value, looked: value, configured: value };
  [redis, subgraph] = await Promise.all([startRedis(), startSubgraph('limited', SDL, { Query })]);
  const fields = [{ type: 'Query', field: 'config*', max: 2, window: '1h', scope: 'global' }];
  gateway = await startGateway({
    subgraphs: [subgraph],
    config: new URL('cases/limits.config.ts', import.meta.url).pathname,
    env: { REDIS_URL: redis.url, LIMITS: JSON.stringify({ fields }) },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([subgraph?.[Symbol.asyncDispose](), redis?.close()]);
});

async function post(query: string) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as {
    data?: Record<string, unknown>;
    errors?: { message: string; extensions: Record<string, unknown> }[];
  };
  return { status: response.status, retryAfter: response.headers.get('retry-after'), data, errors };
}

test('six aliases over a limit of three are refused, and count for nothing', async () => {
  const aliases = Array.from({ length: 6 }, (_, index) => `a${index}: aliased`).join(' ');
  const { status, retryAfter, errors } = await post(`{ ${aliases} }`);
  expect({ status, retryAfter }).toEqual({ status: 429, retryAfter: '3600' });
  expect(errors).toEqual([
    {
      message: 'Not so often, anonymous',
      extensions: {
        code: 'RATE_LIMITED',
        policy: '@rateLimit:Query.aliased',
        limit: 3,
        remaining: 3,
        retryAfter: 3600,
      },
    },
  ]);
  expect((await post('{ a: aliased b: aliased c: aliased }')).data).toEqual({ a: 1, b: 1, c: 1 });
  expect((await post('{ aliased }')).status).toBe(429);
});

test('of twelve operations at once three pass, where three may', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => post('{ parallel }')));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(9);
});

test('each value of an identity argument has a limit of its own', async () => {
  expect((await post('{ a: byId(id: 1) b: byId(id: 2) }')).status).toBe(200);
  expect((await post('{ byId(id: 3) }')).status).toBe(200);
  expect((await post('{ a: byId(id: 4) b: byId(id: "1") }')).status).toBe(429);
  // All or nothing.
  expect((await post('{ byId(id: 4) }')).status).toBe(200);
});

test('what only looks is not counted', async () => {
  for (let turn = 0; turn < 3; turn++) await expect.poll(async () => (await post('{ looked }')).status).toBe(200);
  expect((await post('{ a: looked b: looked }')).status).toBe(429);
});

test('a field of the configuration is limited as one of the schema is', async () => {
  const statuses = [];
  for (let turn = 0; turn < 3; turn++) statuses.push((await post('{ configured }')).status);
  expect(statuses).toEqual([200, 200, 429]);
});
