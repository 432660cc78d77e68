import { expect } from 'vitest';
import { staleness } from '../../caching/gateway/traffic.ts';
import { until } from '../../harness/until.ts';
import { ask } from '../../caching/gateway/ask.ts';
import type { Answer, Load, Report } from './load.ts';
import type { Surroundings } from './surroundings.ts';
import { LIMITED, linked, type WholeGateway } from './whole-gateway.ts';

/** Of `useAuthorization`. */
const ENGINE_TIMEOUT_MS = 500;

/** Refused by the limit that is there to refuse. */
const isLimited = ({ kind, status, codes }: Answer): boolean =>
  kind === 'limited' && status === 429 && codes.join() === 'RATE_LIMITED';

/** The decision point is in this process: when the machine is too busy for it to answer in time, the field is denied. */
const isDecidedLate = ({ kind, ms, codes }: Answer): boolean =>
  kind === 'guarded' && ms >= ENGINE_TIMEOUT_MS && codes.join() === 'UNAUTHORIZED_FIELD_OR_TYPE';

/** All that was not answered with what was asked for; what the limit refuses is not among it. */
export function troubled(answers: readonly Answer[]): readonly Answer[] {
  return answers.filter((answer) => answer.problem !== undefined && !isLimited(answer) && !isDecidedLate(answer));
}

/** The same as text. */
export function problemsOf(answers: readonly Answer[]): readonly string[] {
  return troubled(answers).map(
    ({ kind, gateway, ms, problem }) => `${kind} at ${gateway}, ${ms.toFixed()} ms: ${problem}`,
  );
}

export const longestOf = (answers: readonly Answer[]): number => Math.max(0, ...answers.map(({ ms }) => ms));

/** What the shared bucket of `Limited` gives in so many ms at most; all gateways together. */
export const givenIn = (ms: number): number => LIMITED.capacity + (LIMITED.refillPerSecond * ms) / 1_000;

export function admittedOf(answers: readonly Answer[]): number {
  return answers.filter(({ kind, status }) => kind === 'limited' && status === 200).length;
}

/** Every event came, once and in order, and nobody was cut off. */
export function expectAllEvents({ subscribed }: Report): void {
  for (const { amounts, ends } of subscribed) {
    expect(ends).toEqual([]);
    expect(amounts.length).toBeGreaterThan(0);
    const [first = 0] = amounts;
    expect(amounts).toEqual(amounts.map((_, index) => first + index));
  }
}

/** No gateway gave anything that is older than what it had acknowledged itself. */
export function expectOwnWrites({ reads, acknowledged }: Report): void {
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(staleness({ reads, acknowledged }).own).toEqual([]);
}

/** For how many ms, at most, a gateway went on to give what another had acknowledged to be invalid, of reads since then. */
export function lagSince(at: number, { reads, acknowledged }: Report): number {
  return staleness({ reads: reads.filter(({ beganAt }) => beganAt >= at), acknowledged }).lagMs;
}

let shared = 0;

/** Waits until gateways share again what they keep in Redis: what one has fetched is in the cache of the other. */
export async function sharedAgain(around: Surroundings, gateways: readonly WholeGateway[]): Promise<void> {
  await until('Redis to be seen', async () => {
    const all = await Promise.all(gateways.map((gateway) => gateway.health()));
    return all.every(({ redis }) => redis.status === 'ok');
  });
  await linked(gateways);
  const [one, other] = gateways;
  if (!one || !other) return;
  const [id] = around.federation.prices.keys();
  await until('what one fetches to be known to the other', async () => {
    const query = `query Shared${++shared} { product(id: ${id}) { id name } }`;
    const first = await ask(one, query);
    if (!first.headers.get('cache-status')?.includes('stored')) return false;
    return (await ask(other, query)).headers.get('cache-status')?.startsWith('gatehouse; hit');
  });
}

/** Waits for so many more answers of each gateway, so that a test sees what it is about on a busy machine too. */
export async function moreAnswers(load: Load, gateways: number, count = 40): Promise<void> {
  const at = performance.now();
  await until('more answers', () => {
    const counts = Map.groupBy(load.since(at), ({ gateway }) => gateway);
    return counts.size === gateways && [...counts.values()].every(({ length }) => length >= count);
  });
}
