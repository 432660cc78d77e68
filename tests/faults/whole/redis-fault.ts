import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { startLoad } from './load.ts';
import {
  admittedOf,
  expectAllEvents,
  expectOwnWrites,
  givenIn,
  lagSince,
  longestOf,
  moreAnswers,
  problemsOf,
  sharedAgain,
} from './promises.ts';
import type { Surroundings } from './surroundings.ts';
import { LIMITED, type WholeGateway } from './whole-gateway.ts';

export interface RedisFault {
  begin(): void | Promise<unknown>;
  /** By it all is well again; what takes its time is for it to await. */
  end(): void | Promise<unknown>;
}

/** ms for which a fault lasts: longer than it takes to notice it, and than all pauses before Redis is connected to anew. */
const AWAY_MS = Number(process.env['FAULT_MS'] ?? 2_000);
/** ms for which it is watched that all is shared again. */
const SHARED_MS = 1_500;
/** ms that a request may take, on a machine that is busy with other tests. */
const LONGEST_MS = 5_000;
const SHARED_WITHIN_MS = 5_000;
/** ms after which every gateway has heard of an invalidation, and the machine has let it. */
const LAG_MS = 1_000;
/** Of all that a bucket gives, when each gateway does not give its quarter by itself. */
const SHARED_PART = 0.75;

export const PROMISE =
  `every request is answered within ${LONGEST_MS} ms and none fails, limits hold, no event is lost, and within ` +
  `${SHARED_WITHIN_MS} ms after it caches, limits and invalidations are shared again`;

/** Holds two gateways to the promise. */
export async function expectGoodService(
  around: Surroundings,
  gateways: readonly WholeGateway[],
  { begin, end }: RedisFault,
): Promise<void> {
  await using load = await startLoad({ around, gateways, clients: { limited: 2 } });
  await moreAnswers(load, gateways.length);
  const beganAt = performance.now();
  await begin();
  await sleep(AWAY_MS);
  await end();
  const backAt = performance.now();
  await sharedAgain(around, gateways);
  const sharedAt = performance.now();
  await sleep(SHARED_MS);
  await moreAnswers(load, gateways.length);
  const endedAt = performance.now();
  const report = await load.stop();

  expect(problemsOf(report.answers)).toEqual([]);
  expect(longestOf(report.answers)).toBeLessThan(LONGEST_MS);
  expect(sharedAt - backAt).toBeLessThan(SHARED_WITHIN_MS);
  expectAllEvents(report);
  expectOwnWrites(report);
  expect(lagSince(sharedAt, report)).toBeLessThan(LAG_MS);

  const away = report.answers.filter(({ askedAt }) => askedAt >= beganAt && askedAt < backAt);
  expect(admittedOf(away)).toBeGreaterThan(0);
  expect(admittedOf(away)).toBeLessThanOrEqual(givenIn(backAt - beganAt) + 1);
  const after = report.answers.filter(({ askedAt }) => askedAt >= sharedAt && askedAt < endedAt);
  expect(admittedOf(after)).toBeLessThanOrEqual(givenIn(endedAt - sharedAt) + 1);
  expect(admittedOf(after)).toBeGreaterThan(SHARED_PART * LIMITED.refillPerSecond * ((endedAt - sharedAt) / 1_000));
}

export const END_PROMISE =
  'after all that, each gateway ends with exit code 0 when it is told to, and its audit log is whole';

export async function expectGoodEnd(gateways: readonly WholeGateway[]): Promise<void> {
  for (const gateway of gateways) {
    const { audit } = await gateway.page();
    expect(audit.sinks).toMatchObject([{ dropped: 0 }]);
    expect(await gateway.stop()).toBe(0);
    expect(await gateway.verifyAudit('--expect-closed')).toMatchObject({ code: 0, stderr: '' });
  }
}
