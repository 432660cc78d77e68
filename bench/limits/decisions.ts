import { cpuTime } from '../cpu-time.ts';

export interface Decisions {
  readonly perSecond: number;
  /** CPU of this process for one decision, in µs. */
  readonly cpuMicros: number;
}

/** Decides again and again, for so many callers at once. `decide` rejects when a limiter did what it should not. */
export async function measureDecisions(
  decide: (request: number) => Promise<unknown>,
  count: number,
  concurrency: number,
): Promise<Decisions> {
  let asked = 0;
  const cpu = cpuTime(process.pid);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (asked < count) await decide(asked++);
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, cpuMicros: ((cpuTime(process.pid) - cpu) * 1000) / count };
}
