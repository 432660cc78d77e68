import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linesIn } from '../audit/audited-gateway.ts';
import { ask } from '../caching/gateway/ask.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { startLoad } from './whole/load.ts';
import {
  admittedOf,
  expectOwnWrites,
  givenIn,
  lagSince,
  moreAnswers,
  problemsOf,
  sharedAgain,
} from './whole/promises.ts';
import { startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { LIMITED, linked, startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// Three whole gateways on one Redis, of which one is killed and starts again.

const GATEWAYS = 3;
const KILLED = 0;
const KILLS = Number(process.env['FAULT_KILLS'] ?? 1);
/** ms that it is away; then it starts, which takes its time. */
const AWAY_MS = 500;
/** ms after which every gateway has heard of an invalidation, and the machine has let it. */
const LAG_MS = 1_000;

let around: Surroundings;
let redis: RedisServer;
const gateways: WholeGateway[] = [];
/** Those that were killed; the first has the folder. */
const killed: WholeGateway[] = [];

const start = (folder?: string): Promise<WholeGateway> =>
  startWholeGateway(around, {
    redisUrl: redis.url,
    // A late answer of Redis is one that nobody counts; here the machine is busy with three gateways.
    limits: { timeout: 2_000 },
    ...(folder !== undefined && { folder }),
  });

beforeAll(async () => {
  [around, redis] = await Promise.all([startSurroundings(), startRedis()]);
  gateways.push(...(await Promise.all([start(), start()])), await start());
  await sharedAgain(around, gateways);
}, 120_000);

afterAll(async () => {
  await Promise.all([...gateways, ...killed].map((gateway) => gateway[Symbol.asyncDispose]()));
  await Promise.all([around?.[Symbol.asyncDispose](), redis?.close()]);
});

test(
  `while one of ${GATEWAYS} gateways is killed (SIGKILL) and starts again, clients that ask another one are all answered, nothing ` +
    'that was acknowledged to be invalid is read, the shared bucket gives what it has and no more, and no audit log is broken',
  { timeout: 60_000 + KILLS * 30_000 },
  async () => {
    const beganAt = performance.now();
    await using load = await startLoad({ around, gateways, failover: true, clients: { mutation: 2, limited: 2 } });
    for (let kill = 0; kill < KILLS; kill++) {
      await moreAnswers(load, GATEWAYS);
      const victim = gateways[KILLED];
      if (!victim) throw new Error('there is none');
      victim.kill();
      killed.push(victim);
      await sleep(AWAY_MS);
      gateways[KILLED] = await start(victim.folder);
      await linked(gateways);
    }
    await moreAnswers(load, GATEWAYS);
    const report = await load.stop();
    const endedAt = performance.now();

    // The killed one owes an answer to nobody.
    const unanswered = report.answers.filter(({ status }) => status === 0);
    expect(new Set(unanswered.map(({ gateway }) => gateway))).toEqual(new Set([KILLED]));
    expect(problemsOf(report.answers.filter(({ status }) => status !== 0))).toEqual([]);
    expect(unanswered.length).toBeGreaterThan(0);

    expectOwnWrites(report);
    expect(lagSince(beganAt, report)).toBeLessThan(LAG_MS);
    for (const [id, price] of around.federation.prices) {
      for (const gateway of gateways) {
        const { body } = await ask(gateway, 'query ($id: ID!) { product(id: $id) { id price stock } }', { id });
        expect(body).toMatchObject({ data: { product: { id, price } } });
      }
    }

    const admitted = admittedOf(report.answers);
    expect(admitted).toBeLessThanOrEqual(givenIn(endedAt - beganAt) + 1);
    // What it had taken and not answered when it was killed is lost.
    const lost = unanswered.filter(({ kind }) => kind === 'limited').length;
    const refilled = (LIMITED.refillPerSecond * (endedAt - beganAt)) / 1_000;
    expect(admitted).toBeGreaterThan(refilled * 0.9 - lost);

    for (const { gateway, amounts, ends } of report.subscribed) {
      expect(ends).toEqual(gateway === KILLED ? ['cut'] : []);
      const [first = 0] = amounts;
      expect(amounts).toEqual(amounts.map((_, index) => first + index));
    }

    for (const [index, gateway] of gateways.entries()) {
      expect(await gateway.stop()).toBe(0);
      expect(await gateway.verifyAudit('--expect-closed')).toMatchObject({ code: 0, stderr: '' });
      const lines = await linesIn(gateway.folder);
      expect(lines.filter(({ type }) => type === 'resumed').length).toBe(index === KILLED ? KILLS : 0);
      if (index === KILLED) continue;
      const answered = report.answers.filter((answer) => answer.gateway === index).length;
      expect(lines.filter(({ type }) => type === 'operation').length).toBeGreaterThanOrEqual(answered);
    }
  },
);
