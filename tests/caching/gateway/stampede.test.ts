import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { redisCli } from '../../redis/redis-cli.ts';
import { ask } from './ask.ts';
import { cached } from './cached-federation.ts';

const REQUESTS = 500;
/** How often it expires under the load. */
const ROUNDS = Number(process.env['STAMPEDE_ROUNDS'] ?? 1);
/** How long the subgraph takes, in ms: all have asked before it answers. */
const WORK_MS = 250;

/** What it answers with says which of its answers it is. */
let made = 0;
let subgraph: TestSubgraph;
let redis: RedisServer;
let gateways: readonly TestGateway[] = [];
beforeAll(async () => {
  const sdl = cached(`
    type Query { hot(id: ID!): Hot }
    type Hot @cacheControl(maxAge: 1) { id: ID! made: Int }
  `);
  const make = async (_: unknown, { id }: { id: string }) => {
    await sleep(WORK_MS);
    return { id, made: ++made };
  };
  [subgraph, redis] = await Promise.all([startSubgraph('hot', sdl, { Query: { hot: make } }), startRedis()]);
  const options = { subgraphs: [subgraph], env: { REDIS_URL: redis.url } };
  gateways = await Promise.all([startGateway(options), startGateway(options)]);
  // Both have planned the query, and have met Redis.
  await Promise.all(gateways.map((gateway) => ask(gateway, HOT, { id: 'first' })));
}, 60_000);
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
  await redis?.close();
  await subgraph?.[Symbol.asyncDispose]();
});

const HOT = 'query ($id: ID!) { hot(id: $id) { id made } }';

/** All at once, half of them at each gateway. Gives how often the subgraph was called, and which of its answers came. */
async function stampede(id: string): Promise<{ calls: number; answers: ReadonlySet<string> }> {
  subgraph.calls.length = 0;
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, i) => {
      const gateway = gateways[i % gateways.length];
      if (!gateway) throw new Error('There are no gateways.');
      return (await ask(gateway, HOT, { id })).text;
    }),
  );
  return { calls: subgraph.calls.length, answers: new Set(answers) };
}

function expectOneOrTwo({ calls, answers }: Awaited<ReturnType<typeof stampede>>, id: string): void {
  process.stdout.write(`${REQUESTS} requests, ${calls} calls of the subgraph\n`);
  expect(calls).toBeGreaterThanOrEqual(1);
  expect(calls).toBeLessThanOrEqual(2);
  const newest = Array.from({ length: calls }, (_, i) => JSON.stringify({ data: { hot: { id, made: made - i } } }));
  expect(newest).toEqual(expect.arrayContaining([...answers]));
}

/** Whether Redis has nothing any more that is valid: no gateway has it for longer. */
async function isAllExpired(): Promise<boolean> {
  return (await redisCli(redis.port, '--scan', '--pattern', '*:live:*')).trim() === '';
}

test('500 requests at once, at two gateways, for what neither has, call the subgraph twice at most', async () => {
  expectOneOrTwo(await stampede('cold'), 'cold');
});

test('and for what has just expired', async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    await until('it to expire', isAllExpired);
    expectOneOrTwo(await stampede('cold'), 'cold');
  }
});
