import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { redisCli } from '../../redis/redis-cli.ts';
import { startSentinels, type Sentinels } from '../../redis/topologies.ts';
import { ask } from '../../caching/gateway/ask.ts';
import { startCachedFederation, type CachedFederation } from '../../caching/gateway/cached-federation.ts';
import { linked, startCachingGateway, type CachingGateway } from '../../caching/gateway/caching-gateway.ts';
import { differences, staleness, startTraffic, type Report } from '../../caching/gateway/traffic.ts';

/** How long it goes on before something happens, and after all is well again, in ms. */
const CALM_MS = Number(process.env['CACHE_CALM_MS'] ?? 300);
/** What a request may take, with all that is tried in vain, on a machine that is busy with other tests. */
const LONGEST_MS = 3000;
const ENTITIES = 8;
/** Fewer mutations would show nothing. */
const ENOUGH = 15;

let federation: CachedFederation;
beforeAll(async () => {
  federation = await startCachedFederation(ENTITIES + 1);
});
afterAll(() => federation?.[Symbol.asyncDispose]());

/** Nobody changes it but for once, while something happens: nothing later can make up for what that lacks. */
const QUIET = String(ENTITIES + 1);
const QUIET_QUERY = 'query ($id: ID!) { product(id: $id) { id price stock } }';

/** Both gateways have what they are asked for in the end. */
async function fill(gateways: readonly CachingGateway[]): Promise<void> {
  await until('both to have it', async () => {
    const all = await Promise.all(gateways.map((gateway) => ask(gateway, QUIET_QUERY, { id: QUIET })));
    return all.every(({ headers }) => headers.get('cache-status')?.startsWith('gatehouse; hit; ttl'));
  });
}

async function changeQuiet([gateway]: readonly CachingGateway[]): Promise<void> {
  const price = (federation.prices.get(QUIET) ?? 0) + 1;
  if (!gateway) return;
  const mutation = 'mutation ($id: ID!, $price: Int!) { setPriceOnly(id: $id, price: $price) }';
  expect((await ask(gateway, mutation, { id: QUIET, price })).body).toEqual({ data: { setPriceOnly: true } });
}

/** Readers and writers at two gateways, while something happens. */
async function live(gateways: readonly CachingGateway[], happens: () => Promise<void>): Promise<Report> {
  await fill(gateways);
  const traffic = startTraffic({
    federation,
    gateways,
    products: ENTITIES,
    readers: 4,
    writers: 2,
    webhooks: false,
    maxDelayMs: 6,
  });
  try {
    await sleep(CALM_MS);
    await happens();
    await linked(gateways);
    await Promise.all([sleep(CALM_MS), until('enough to happen', () => traffic.writes() >= ENOUGH)]);
  } catch (error) {
    await traffic.stop();
    throw error;
  }
  return traffic.stop();
}

async function expectAllWell(gateways: readonly CachingGateway[], report: Report): Promise<void> {
  const { failures, longestReadMs, longestWriteMs, reads, acknowledged, answered } = report;
  const { own, lagMs } = staleness(report);
  process.stdout.write(
    `${reads.length} reads, ${acknowledged.length} mutations, ${JSON.stringify(answered)}, longest read ` +
      `${longestReadMs.toFixed()} ms, longest mutation ${longestWriteMs.toFixed()} ms, largest lag ${lagMs.toFixed()} ms\n`,
  );
  expect(failures).toEqual([]);
  expect(own).toEqual([]);
  expect(Math.max(longestReadMs, longestWriteMs)).toBeLessThan(LONGEST_MS);
  await linked(gateways);
  expect(await differences(federation, gateways)).toEqual([]);
}

describe('reads and mutations go on without errors, and end with what is true, while', () => {
  describe('one Redis', () => {
    let redis: RedisServer;
    let gateways: readonly CachingGateway[] = [];
    beforeAll(async () => {
      redis = await startRedis();
      gateways = await startTwo(redis.url);
    });
    afterAll(async () => {
      await end(gateways);
      await redis?.close();
    });

    test('is killed and starts again, empty', async () => {
      const report = await live(gateways, async () => {
        await redis.kill();
        await isAway(gateways);
        await changeQuiet(gateways);
        await sleep(CALM_MS);
        await redis.restart();
      });
      await expectAllWell(gateways, report);
    });

    test('hangs', async () => {
      const report = await live(gateways, async () => {
        redis.pause();
        await isAway(gateways);
        await changeQuiet(gateways);
        await sleep(CALM_MS);
        redis.resume();
      });
      await expectAllWell(gateways, report);
    });

    test('closes its subscribers again and again', async () => {
      const report = await live(gateways, async () => {
        for (let i = 0; i < 10; i++) {
          await redisCli(redis.port, 'CLIENT', 'KILL', 'TYPE', 'pubsub');
          await changeQuiet(gateways);
          await sleep(Math.random() * 150);
        }
      });
      await expectAllWell(gateways, report);
    });
  });

  describe('a Sentinel', () => {
    let sentinels: Sentinels;
    let gateways: readonly CachingGateway[] = [];
    beforeAll(async () => {
      sentinels = await startSentinels();
      gateways = await startTwo(sentinels.url);
    });
    afterAll(async () => {
      await end(gateways);
      await sentinels?.close();
    });

    test('promotes a replica that lacks what was acknowledged last', async () => {
      const report = await live(gateways, async () => {
        await redisCli(sentinels.master.port, 'WAIT', '1', '1000');
        // What comes from now on is acknowledged, and not replicated.
        sentinels.replica.pause();
        await changeQuiet(gateways);
        await sleep(CALM_MS);
        await sentinels.master.kill();
        sentinels.replica.resume();
        await isAway(gateways);
        // It closes connections as it is promoted.
        const roleOf = (port: number) => redisCli(port, 'ROLE').catch(() => '');
        await until('the replica to be promoted', async () =>
          (await roleOf(sentinels.replica.port)).startsWith('master'),
        );
      });
      await expectAllWell(gateways, report);
    });
  });
});

async function startTwo(redisUrl: string): Promise<readonly CachingGateway[]> {
  return Promise.all([startCachingGateway(redisUrl, federation.all), startCachingGateway(redisUrl, federation.all)]);
}

async function end(gateways: readonly CachingGateway[]): Promise<void> {
  await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()));
}

async function isAway(gateways: readonly CachingGateway[]): Promise<void> {
  await until('the gateways to notice', async () => {
    const all = await Promise.all(gateways.map((gateway) => gateway.cache()));
    return all.every(({ l2 }) => l2 !== 'linked');
  });
}
