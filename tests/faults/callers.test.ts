import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HealthReport } from '../../plugins/health/index.ts';
import { signedByStranger } from '../authentication/gateway/forgeries.ts';
import { ask } from '../caching/gateway/ask.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { startLoad } from './whole/load.ts';
import { expectAllEvents, expectOwnWrites, longestOf, moreAnswers, problemsOf } from './whole/promises.ts';
import { END_PROMISE, expectGoodEnd } from './whole/redis-fault.ts';
import { SECRET_VALUE, startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// A whole gateway under load, while those are away that say who is calling, and who may see what.

const LONGEST_MS = 5_000;
/** Answers that are looked at. */
const ENOUGH = 6;
const QUERY = '{ now }';

let around: Surroundings;
let redis: RedisServer;
let gateway: WholeGateway;

beforeAll(async () => {
  [around, redis] = await Promise.all([startSurroundings(), startRedis()]);
  gateway = await startWholeGateway(around, { redisUrl: redis.url });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([around?.[Symbol.asyncDispose](), redis?.close()]);
});

async function asked(token: string): Promise<{ status: number; code: string | undefined }> {
  const { status, body } = await ask(gateway, QUERY, {}, { authorization: `Bearer ${token}` });
  return { status, code: body.errors?.[0]?.extensions?.code };
}

const health = (): Promise<HealthReport> => gateway.page<HealthReport>('/health');

test('while the identity provider is down, no caller whose key is known is refused, and nobody else is let in: 503 for who cannot be checked, 401 for a forgery', async () => {
  const { provider } = around;
  await using load = await startLoad({ around, gateways: [gateway] });
  const [opaque, unseen] = [await provider.opaque(), await provider.opaque()];
  expect(await asked(opaque)).toMatchObject({ status: 200 });
  await moreAnswers(load, 1);
  await provider.stop();

  const strange = await signedByStranger(provider, { kid: 'nobody' });
  const forged = await signedByStranger(provider, {});
  const away = { status: 503, code: 'AUTHENTICATION_UNAVAILABLE' };
  expect(await asked(strange)).toEqual(away);
  expect(await asked(unseen)).toEqual(away);
  expect(await asked(forged)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  // Never seen, by a key that is known.
  expect(await asked(await provider.sign({ sub: 'new' }))).toMatchObject({ status: 200 });
  expect(await asked(opaque)).toMatchObject({ status: 200 });
  const { status, identityProviders } = await health();
  expect(status).toBe('degraded');
  expect(identityProviders.map((one) => one.status)).toContain('down');
  await moreAnswers(load, 1);
  await provider.start();
  await until('the unseen token to be accepted', async () => (await asked(unseen)).status === 200);
  await until('the unknown key to be refused', async () => (await asked(strange)).status === 401);
  await until('all to be well', async () => (await health()).status === 'ok');
  const report = await load.stop();

  expect(problemsOf(report.answers)).toEqual([]);
  expect(longestOf(report.answers)).toBeLessThan(LONGEST_MS);
  expectAllEvents(report);
  expectOwnWrites(report);
});

test.each<[string, () => void | Promise<void>, () => void | Promise<void>]>([
  ['down', () => around.decisionPoint.stop(), () => around.decisionPoint.start()],
  ['silent', () => around.decisionPoint.break(() => {}), () => around.decisionPoint.break(undefined)],
])(
  'while the policy engine is %s, what it decides on is denied and never shown, and all else is answered',
  async (_, begin, end) => {
    await using load = await startLoad({ around, gateways: [gateway], clients: { guarded: 3 } });
    await moreAnswers(load, 1);
    const beganAt = performance.now();
    await begin();
    await until('a denial', () => load.since(beganAt, 'guarded').some(({ problem }) => problem !== undefined));
    const sureAt = performance.now();
    await until('more of them', () => load.since(sureAt, 'guarded').length >= ENOUGH);
    const { status, policyEngines } = await health();
    const backAt = performance.now();
    await end();
    await until('it to decide again', () => load.since(backAt, 'guarded').some(({ problem }) => problem === undefined));
    const wellAt = performance.now();
    await until('all to be well', async () => (await health()).status === 'ok');
    await moreAnswers(load, 1);
    const report = await load.stop();

    expect({ status, engines: policyEngines.map((one) => one.status) }).toEqual({
      status: 'degraded',
      engines: ['down'],
    });
    expect(problemsOf(report.answers.filter(({ kind }) => kind !== 'guarded'))).toEqual([]);
    const guarded = report.answers.filter(({ kind }) => kind === 'guarded');
    const during = guarded.filter(({ askedAt, ms }) => askedAt >= sureAt && askedAt + ms < backAt);
    expect(during.length).toBeGreaterThan(0);
    for (const { status: answered, codes, data } of during) {
      expect({ answered, codes, data }).toEqual({
        answered: 200,
        codes: ['UNAUTHORIZED_FIELD_OR_TYPE'],
        data: { secret: null, now: expect.any(Number) },
      });
    }
    expect(problemsOf(guarded.filter(({ askedAt }) => askedAt >= wellAt))).toEqual([]);
    expect(report.answers.filter(({ problem }) => problem?.includes(SECRET_VALUE))).toEqual([]);
    expect(longestOf(report.answers)).toBeLessThan(LONGEST_MS);
    expectAllEvents(report);
  },
);

test(END_PROMISE, () => expectGoodEnd([gateway]));
