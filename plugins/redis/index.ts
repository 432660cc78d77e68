import type { GatewayPlugin } from '@graphql-hive/gateway';
import { processWarnings, type Log } from './log.ts';
import { memoryStore } from './memory-store.ts';
import { redisStore } from './redis-store.ts';
import { parseRedisUrl } from './redis-url.ts';
import type { SharedStore } from './store.ts';

export type { ScriptArgument, ScriptMemory, ScriptReply, StoreScript } from './script.ts';
export { StoreUnavailableError } from './store.ts';
export type { MessageListener, SharedStore, StoreStatus, TimedValue, Unsubscribe } from './store.ts';

/**
 * Many times what Redis needs in the same region (a fraction of a millisecond, a few in another zone), so that its
 * short pauses (a fork, a slow script, a collected heap) pass unnoticed; and little enough that a request that asks it
 * three or four times before it is known to be down is still answered in less than half a second.
 */
const COMMAND_TIMEOUT_MS = 100;

export interface ConnectRedisOptions {
  /** Standalone, Sentinel or Cluster, see `parseRedisUrl`; without one, the store is in memory. */
  url?: string | undefined;
  /** How long a command may take, in ms. Default: 100. */
  commandTimeoutMs?: number;
  /** Hive Gateway's logger. Default: process warnings. */
  log?: Log;
}

/**
 * The shared store of a gateway: in Redis when there is a `url`, else in the memory of this process. Nothing connects
 * before the first use, so a configuration can be imported freely.
 *
 * Throws a TypeError for a `url` that is not a Redis URL, a RangeError for a wrong `commandTimeoutMs`.
 *
 * @example
 * const store = connectRedis({ url: process.env['REDIS_URL'] });
 */
export function connectRedis({
  url,
  commandTimeoutMs = COMMAND_TIMEOUT_MS,
  log,
}: ConnectRedisOptions = {}): SharedStore {
  if (!(Number.isSafeInteger(commandTimeoutMs) && commandTimeoutMs > 0)) {
    throw new RangeError(`commandTimeoutMs takes a whole number of milliseconds above 0, not ${commandTimeoutMs}.`);
  }
  if (url !== undefined && url !== '') return redisStore(parseRedisUrl(url), commandTimeoutMs, log ?? processWarnings);
  return memoryStore(log ?? processWarnings);
}

/** Says in the start log where state is kept, and closes the store with the gateway. */
export function useRedis(store: SharedStore, log: Pick<Log, 'info'>): GatewayPlugin {
  return {
    onYogaInit() {
      if (store.kind === 'memory') log.info('No REDIS_URL: state is kept in memory, which serves a single process');
    },
    onDispose: () => store.close(),
  };
}
