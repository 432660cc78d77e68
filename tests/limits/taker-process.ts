import { setImmediate as turn } from 'node:timers/promises';
import { createTokenStore } from '../../plugins/limits/buckets/token-store.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import { entryOf, type TakerOrder, type TakerReport } from './takers.ts';

/** A gateway process, as far as limits go: takes one token after the other, by many requests at once. */

/** What is measured is the count: nothing may be counted alone because this machine is busy. */
const PATIENT_MS = 20_000;

process.on('message', (message: TakerOrder | 'go') => {
  if (message !== 'go') void obey(message);
});
process.send?.('up');

async function obey({ url, entries, concurrency, forMs, leases }: TakerOrder): Promise<void> {
  const store = connectRedis({ url, commandTimeoutMs: PATIENT_MS });
  const tokens = createTokenStore({ store, timeoutMs: PATIENT_MS, ...(leases && { leases }) });
  const made = entries.map(entryOf);
  await tokens.take(made.map((entry) => ({ ...entry, amount: 0 })));
  process.send?.('ready');
  await new Promise((resolve) => process.once('message', resolve));

  const counts = { admitted: 0, refused: 0, leased: 0, alone: 0 };
  const firstAskedAt = Date.now();
  let firstAnsweredAt = Infinity;
  let lastAskedAt = 0;
  const end = performance.now() + forMs;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < end) {
        lastAskedAt = Date.now();
        const { outcome, states } = await tokens.take(made);
        firstAnsweredAt = Math.min(firstAnsweredAt, Date.now());
        counts[outcome] += 1;
        if (states[0]?.countedBy === 'lease') counts.leased += 1;
        if (states[0]?.countedBy === 'local') counts.alone += 1;
        if (states[0]?.countedBy === 'lease') await turn();
      }
    }),
  );
  const report: TakerReport = { ...counts, firstAskedAt, firstAnsweredAt, lastAskedAt, lastAnsweredAt: Date.now() };
  await tokens.close();
  await store.close();
  process.send?.(report);
}
