import type { Redis } from 'ioredis';

/** How often a connection is asked whether it still answers. */
export const HEARTBEAT_MS = 1000;
/** A connection that has not answered for so long is given up: its peer may be gone without a word. */
const SILENCE_MS = 5000;

export interface SilenceWatch {
  answered(connection: Redis): void;
  /** True for an established connection without an answer for 5 s; counts anew from then on. */
  isSilent(connection: Redis): boolean;
}

/** Remembers when connections last answered. */
export function createSilenceWatch(): SilenceWatch {
  const answeredAt = new WeakMap<Redis, number>();
  const answered = (connection: Redis): void => void answeredAt.set(connection, performance.now());
  return {
    answered,
    isSilent(connection) {
      const established = connection.status === 'ready' || connection.status === 'connect';
      const since = established ? answeredAt.get(connection) : undefined;
      if (since !== undefined && performance.now() - since <= SILENCE_MS) return false;
      answered(connection);
      return since !== undefined;
    },
  };
}
