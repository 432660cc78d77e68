import { setTimeout as sleep } from 'node:timers/promises';
import type { CountedBy, Entry } from '../../plugins/limits/buckets/entry.ts';
import type { TokenStore } from '../../plugins/limits/buckets/token-store.ts';

/** Between two takes of one request after the other, in ms: more would only keep the machine busy. */
const PAUSE_MS = 2;

/** One take of a load; times on the clock of `performance.now()`. */
export interface LoadedTake {
  readonly askedAt: number;
  readonly waitedMs: number;
  readonly outcome: 'admitted' | 'refused';
  readonly countedBy: CountedBy | undefined;
}

export interface Load {
  /** What has been answered since the last call. */
  taken(): LoadedTake[];
  /** Ends it. Rejects if any take has rejected. */
  stop(): Promise<void>;
}

/** Takes the same entry again and again, as so many requests at once do. */
export function startLoad(tokens: TokenStore, concurrency: number, entry: Entry): Load {
  let takes: LoadedTake[] = [];
  let stopped = false;
  const loops = Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (!stopped) {
        const askedAt = performance.now();
        const { outcome, states } = await tokens.take([entry]);
        takes.push({ askedAt, waitedMs: performance.now() - askedAt, outcome, countedBy: states[0]?.countedBy });
        await sleep(PAUSE_MS);
      }
    }),
  );
  // Whoever stops it hears of that.
  loops.catch(() => {});
  return {
    taken() {
      const since = takes;
      takes = [];
      return since;
    },
    async stop() {
      stopped = true;
      await loops;
    },
  };
}
