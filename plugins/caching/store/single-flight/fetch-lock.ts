import { randomUUID } from 'node:crypto';
import { StoreUnavailableError, type SharedStore } from '../../../redis/index.ts';
import { lockKey } from '../redis/keys.ts';

/** How long others wait for one process to fetch, at most. */
export const LOCK_MS = 3000;

/** Lets one process fetch while others wait. It saves work; nothing depends on it being kept. */
export interface FetchLock {
  /** What gives it back; undefined where another process has it. Where Redis does not answer, everybody has it. */
  claim(id: string): Promise<(() => void) | undefined>;
  isHeld(id: string): Promise<boolean>;
}

export function createFetchLock(shared: SharedStore): FetchLock {
  return {
    async claim(id) {
      const key = lockKey(id);
      const owner = randomUUID();
      const isMine = await shared.claim(key, LOCK_MS, owner).catch(orWhenAway(true));
      // If it cannot be given back, it ends by itself.
      return isMine ? () => void shared.release(key, owner).catch(orWhenAway(undefined)) : undefined;
    },

    isHeld: (id) => shared.get(lockKey(id)).then((owner) => owner !== null, orWhenAway(false)),
  };
}

function orWhenAway<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof StoreUnavailableError) return value;
    throw error;
  };
}
