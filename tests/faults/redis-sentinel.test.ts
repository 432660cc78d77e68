import { afterAll, beforeAll, test } from 'vitest';
import { until } from '../harness/until.ts';
import { redisCli } from '../redis/redis-cli.ts';
import { startSentinels, type Sentinels } from '../redis/topologies.ts';
import { END_PROMISE, expectGoodEnd, expectGoodService, PROMISE } from './whole/redis-fault.ts';
import { sharedAgain } from './whole/promises.ts';
import { startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// Two whole gateways, under load, on a Redis behind Sentinel.

let around: Surroundings;
let sentinels: Sentinels;
let gateways: readonly WholeGateway[] = [];

beforeAll(async () => {
  [around, sentinels] = await Promise.all([startSurroundings(), startSentinels()]);
  const start = () => startWholeGateway(around, { redisUrl: sentinels.url });
  gateways = await Promise.all([start(), start()]);
  await sharedAgain(around, gateways);
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
  await Promise.all([around?.[Symbol.asyncDispose](), sentinels?.close()]);
});

test(`while the master is killed and Sentinel promotes its replica ${PROMISE}`, () =>
  expectGoodService(around, gateways, {
    begin: () => sentinels.master.kill(),
    // It closes connections as it is promoted.
    end: () =>
      until('the replica to be promoted', async () =>
        (await redisCli(sentinels.replica.port, 'ROLE').catch(() => '')).startsWith('master'),
      ),
  }));

test(END_PROMISE, () => expectGoodEnd(gateways));
