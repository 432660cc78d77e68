import type { SharedStore } from '../../redis/index.ts';

const MAX_BYTES = 64 * 1024 * 1024;
/** Shorter ones fit into a packet or two, and compressing them costs more than sending them. */
const COMPRESS_ABOVE = 2048;
const TIMEOUT_MS = 100;

export interface CacheStoreOptions {
  /** Where the second tier is. One in memory has none: then entries are in L1 alone. */
  shared: SharedStore;
  /** How much memory L1 may take, in bytes, roughly. Default 64 MiB. */
  maxBytes?: number | undefined;
  /** 32 bytes in base64: encrypts what is in Redis (AES-256-GCM). Without one it is in the clear. */
  encryptionKey?: string | undefined;
  /** What is longer (bytes) is compressed in Redis. Default 2048. */
  compressAbove?: number | undefined;
  /** How long reading and storing may wait for Redis, in ms; never longer than `shared` does. Default 100. */
  timeoutMs?: number | undefined;
  onEvent?: ((event: CacheEvent) => void) | undefined;
}

export type CacheEvent =
  /** A value in Redis could not be read: it is of another encryption key, or damaged. It counts as missing. */
  | { readonly type: 'unreadable' }
  /** L1 was emptied, since invalidations may have been missed. */
  | { readonly type: 'dropped' }
  /** So many tags whose invalidation could not be delivered to other processes so far; 0 when all have been. */
  | { readonly type: 'undelivered'; readonly tags: number }
  /** Fetching anew what is stale has failed. It goes on being served within its window. */
  | { readonly type: 'refresh failed'; readonly error: unknown };

/** With defaults. Throws a RangeError for numbers that are no such sizes or times. */
export function resolveOptions({
  shared,
  maxBytes = MAX_BYTES,
  encryptionKey,
  compressAbove = COMPRESS_ABOVE,
  timeoutMs = TIMEOUT_MS,
  onEvent = () => {},
}: CacheStoreOptions) {
  for (const [name, value] of Object.entries({ maxBytes, compressAbove, timeoutMs })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new RangeError(`${name} takes a whole number above 0, not ${value}.`);
  }
  return { shared, maxBytes, encryptionKey, compressAbove, timeoutMs, onEvent };
}
