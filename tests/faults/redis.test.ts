import { afterAll, beforeAll, test } from 'vitest';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { redisCli } from '../redis/redis-cli.ts';
import { END_PROMISE, expectGoodEnd, expectGoodService, PROMISE, type RedisFault } from './whole/redis-fault.ts';
import { sharedAgain } from './whole/promises.ts';
import { startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// Two whole gateways on one Redis, under load, while something happens to it.

let around: Surroundings;
let redis: RedisServer;
let gateways: readonly WholeGateway[] = [];

beforeAll(async () => {
  [around, redis] = await Promise.all([startSurroundings(), startRedis()]);
  const start = () => startWholeGateway(around, { redisUrl: redis.url });
  gateways = await Promise.all([start(), start()]);
  await sharedAgain(around, gateways);
});

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
  await Promise.all([around?.[Symbol.asyncDispose](), redis?.close()]);
});

const FAULTS: Readonly<Record<string, RedisFault>> = {
  'killed, until it starts again without its data,': { begin: () => redis.kill(), end: () => redis.restart() },
  'paused (SIGSTOP)': { begin: () => redis.pause(), end: () => redis.resume() },
  'full ("OOM command not allowed")': {
    begin: () => redisCli(redis.port, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1'),
    end: () => redisCli(redis.port, 'CONFIG', 'SET', 'maxmemory', '0'),
  },
};

test.each(Object.entries(FAULTS))(`while Redis is %s ${PROMISE}`, (_, fault) =>
  expectGoodService(around, gateways, fault),
);

test(END_PROMISE, () => expectGoodEnd(gateways));
