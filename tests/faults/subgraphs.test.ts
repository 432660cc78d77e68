import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HealthReport } from '../../plugins/health/index.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { startLoad, type Answer } from './whole/load.ts';
import { expectAllEvents, expectOwnWrites, longestOf, moreAnswers, problemsOf, troubled } from './whole/promises.ts';
import { END_PROMISE, expectGoodEnd } from './whole/redis-fault.ts';
import { startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// A whole gateway under load, while its subgraphs fail.

/** ms; a refused connection is tried again twice. */
const LONGEST_MS = 5_000;
/** ms until the breaker, which stays open for five seconds, has let its probes through. */
const WELL_WITHIN_MS = 12_000;
const FLAP_MS = 300;
const FLAPS = 12;

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

const health = (): Promise<HealthReport> => gateway.page<HealthReport>('/health');

async function circuitOf(name: string): Promise<string | undefined> {
  return (await health()).subgraphs.find((subgraph) => subgraph.name === name)?.circuit;
}

async function isAllWell(): Promise<boolean> {
  const { status, subgraphs } = await health();
  return status === 'ok' && subgraphs.every(({ circuit }) => circuit === 'closed' || circuit === undefined);
}

/** Each has an error that names one of these subgraphs and tells no more, and the status of an operation that was executed. */
function expectContract(answers: readonly Answer[], services: readonly string[]): void {
  expect(answers.length).toBeGreaterThan(0);
  for (const { status, problem = '' } of answers) {
    expect({ status, problem }).toEqual({ status: 200, problem: expect.stringContaining('"errors"') });
    const { errors } = JSON.parse(problem.slice('200 '.length)) as { errors: { extensions: object }[] };
    for (const { extensions } of errors) {
      expect(extensions).toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', service: expect.any(String) });
      expect(services).toContain((extensions as { service: string }).service);
    }
    expect(problem).not.toMatch(/127\.0\.0\.1|ECONN|localhost/);
  }
}

async function untilWell(): Promise<void> {
  await until('all to be well', isAllWell, WELL_WITHIN_MS);
}

test('while one subgraph is down, the data of the others is answered with SUBGRAPH_UNAVAILABLE where its own is missing; its breaker opens, and closes when it is back', async () => {
  await using load = await startLoad({ around, gateways: [gateway] });
  await moreAnswers(load, 1);
  const beganAt = performance.now();
  await around.federation.stock.stop();
  await until('the breaker to open', async () => (await circuitOf('stock')) === 'open');
  expect((await health()).status).toBe('degraded');
  await moreAnswers(load, 1);
  const backAt = performance.now();
  await around.federation.stock.start();
  await untilWell();
  const wellAt = performance.now();
  await moreAnswers(load, 1);
  const report = await load.stop();

  const during = report.answers.filter(({ askedAt }) => askedAt >= beganAt && askedAt < backAt);
  expectContract(troubled(report.answers), ['stock']);
  for (const { kind, data } of troubled(during)) {
    expect(['cached', 'fetched']).toContain(kind);
    if (kind === 'fetched')
      expect(data).toEqual({ now: expect.any(Number), product: { id: expect.any(String), exact: null } });
    else expect(data).toEqual({ product: { id: expect.any(String), price: expect.any(Number), stock: null } });
  }
  expect(problemsOf(report.answers.filter(({ askedAt, ms }) => askedAt + ms < beganAt || askedAt >= wellAt))).toEqual(
    [],
  );
  expect(longestOf(report.answers)).toBeLessThan(LONGEST_MS);
  expectAllEvents(report);
  expectOwnWrites(report);
});

test('while all subgraphs are down, operations are answered with SUBGRAPH_UNAVAILABLE or from the cache, /health is degraded and served, and all is well when they are back', async () => {
  const { federation, prices, vault } = around;
  const all = [...federation.all, prices, vault];
  await using load = await startLoad({ around, gateways: [gateway] });
  await moreAnswers(load, 1);
  const beganAt = performance.now();
  await Promise.all(all.map((subgraph) => subgraph.stop()));
  await until('a breaker to open', async () => (await circuitOf('products')) === 'open');
  expect((await health()).status).toBe('degraded');
  for (const path of ['/health', '/health/live', '/health/ready']) expect(await gateway.status(path)).toBe(200);
  await moreAnswers(load, 1);
  const backAt = performance.now();
  await Promise.all(all.map((subgraph) => subgraph.start()));
  await untilWell();
  const wellAt = performance.now();
  const seen = load.events();
  await until('events again', () => load.events().every((count, index) => count > (seen[index] ?? 0)));
  await moreAnswers(load, 1);
  const report = await load.stop();

  const during = report.answers.filter(({ askedAt }) => askedAt >= beganAt && askedAt < backAt);
  expectContract(troubled(report.answers), ['products', 'stock', 'prices', 'vault']);
  // What nobody is asked for, and what is kept.
  expect(problemsOf(during.filter(({ kind }) => kind === 'limited'))).toEqual([]);
  expect(during.some(({ kind, problem }) => kind === 'cached' && problem === undefined)).toBe(true);
  for (const kind of ['fetched', 'guarded', 'mutation']) {
    const asked = during.filter((answer) => answer.kind === kind && answer.askedAt + answer.ms < backAt);
    expect(asked.filter(({ problem, askedAt }) => problem === undefined && askedAt > beganAt + 100)).toEqual([]);
  }
  expect(problemsOf(report.answers.filter(({ askedAt }) => askedAt >= wellAt))).toEqual([]);
  expect(longestOf(report.answers)).toBeLessThan(LONGEST_MS);
  for (const { ends } of report.subscribed) expect(ends).toEqual([]);
  expectOwnWrites(report);
});

test(`while a subgraph comes and goes every ${FLAP_MS} ms, every operation has the data of the others, and all is well when it stays`, async () => {
  const { stock } = around.federation;
  await using load = await startLoad({ around, gateways: [gateway] });
  await moreAnswers(load, 1);
  for (let flap = 0; flap < FLAPS; flap++) {
    await (flap % 2 === 0 ? stock.stop() : stock.start());
    await sleep(FLAP_MS);
  }
  await stock.start();
  await untilWell();
  const wellAt = performance.now();
  await moreAnswers(load, 1);
  const report = await load.stop();

  const found = troubled(report.answers);
  expectContract(found, ['stock']);
  for (const { data } of found) expect(data?.product).toMatchObject({ id: expect.any(String) });
  expect(problemsOf(report.answers.filter(({ askedAt }) => askedAt >= wellAt))).toEqual([]);
  expect(longestOf(report.answers)).toBeLessThan(LONGEST_MS);
  expectAllEvents(report);
  expectOwnWrites(report);
});

test(END_PROMISE, () => expectGoodEnd([gateway]));
