import { afterAll, beforeAll, test } from 'vitest';
import { relayBefore, type LateRelay } from '../harness/late-relay.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { END_PROMISE, expectGoodEnd, expectGoodService, PROMISE } from './whole/redis-fault.ts';
import { sharedAgain } from './whole/promises.ts';
import { startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// Two whole gateways, under load, on a Redis that is well but answers late.

let around: Surroundings;
let redis: RedisServer;
let relay: LateRelay;
let gateways: readonly WholeGateway[] = [];

beforeAll(async () => {
  [around, redis] = await Promise.all([startSurroundings(), startRedis()]);
  relay = await relayBefore(redis.port);
  const start = () => startWholeGateway(around, { redisUrl: `redis://127.0.0.1:${relay.port}` });
  gateways = await Promise.all([start(), start()]);
  await sharedAgain(around, gateways);
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
  await Promise.all([around, relay].map((one) => one?.[Symbol.asyncDispose]()));
  await redis?.close();
});

// Limits wait 50 ms, all others 100 ms.
test.each([75, 1_000])(`while Redis answers %i ms late ${PROMISE}`, (late) =>
  expectGoodService(around, gateways, { begin: () => relay.delay(late), end: () => relay.delay(0) }),
);

test(END_PROMISE, () => expectGoodEnd(gateways));
