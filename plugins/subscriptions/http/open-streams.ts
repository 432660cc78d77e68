import { setTimeout as sleep } from 'node:timers/promises';

/** Responses that go on, so that they can be ended. */
export interface OpenStreams {
  /** @param cut ends it as a lost connection would, after which clients try again */
  add(cut: () => void): void;
  remove(cut: () => void): void;
  /** Cuts all, one after the other over `window` ms at most. */
  drain(window: number): Promise<void>;
}

/** Cut at a time, and ms for each. */
const AT_ONCE = 10;
const EACH_MS = 5;

export function openStreams(): OpenStreams {
  const streams = new Set<() => void>();
  return {
    add: (cut) => void streams.add(cut),
    remove: (cut) => void streams.delete(cut),
    async drain(window) {
      const all = [...streams];
      const pause = Math.min(EACH_MS, window / all.length) * AT_ONCE;
      for (const [index, cut] of all.entries()) {
        cut();
        if (index % AT_ONCE === AT_ONCE - 1) await sleep(pause);
      }
    },
  };
}
