import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadReport } from '../../tests/limits/cases/gateway-load.ts';
import { EXACT } from './exact-policy.ts';
import { print, printNone } from './figures.ts';
import type { Ground } from './ground.ts';

const CONNECTIONS = 16;
/** Of what the bucket gives, this much is admitted at least. */
const LEAST = 0.99;
const ADMITTED = 200;
const REFUSED = 429;

/** All gateways ask one bucket at once: what it holds and gets in that time is admitted, and not one more. */
export async function measureLimits(
  name: string,
  { clients }: Ground,
  origins: readonly string[],
  ms: number,
): Promise<void> {
  const { capacity, refillPerSecond } = EXACT;
  // Whatever was asked before, it is full.
  await sleep((capacity / refillPerSecond) * 1_000);
  const report = await clients.ask<LoadReport>({ do: 'ask for tokens', origins, connections: CONNECTIONS, ms });
  const { statuses, firstAskedAt, firstAnsweredAt, lastAskedAt, lastAnsweredAt } = report;
  const given = (from: number, to: number): number => capacity + (refillPerSecond * (to - from)) / 1_000;
  // The report has whole ms.
  const most = Math.floor(given(firstAskedAt, lastAnsweredAt + 1) + 1);
  const least = Math.ceil(given(firstAnsweredAt, lastAskedAt) * LEAST - 1);
  const admitted = statuses.get(ADMITTED) ?? 0;
  const refused = statuses.get(REFUSED) ?? 0;
  const asked = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  print(`limits.admitted.${name}`, admitted, 'requests', 0, {
    baseline: 'capacity + refill * time',
    target: `${least}..${most}`,
    ok: admitted >= least && admitted <= most,
  });
  print(`limits.asked.${name}`, asked, 'requests');
  printNone(`limits.failed.${name}`, asked - admitted - refused, 'requests');
}
