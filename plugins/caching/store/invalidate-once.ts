import type { SharedStore } from '../../redis/index.ts';
import type { Tag } from '../tags/tag.ts';
import { boundedTags } from './bounded-tag.ts';
import { createCodec } from './redis/codec.ts';
import { createRedisTier } from './redis/redis-tier.ts';

/**
 * Takes all entries of these tags out, in every process, and says how many there were in Redis. For a process that has no
 * cache of its own and is about to end: what cannot be delivered is not tried again, and it is known why.
 *
 * Rejects with StoreUnavailableError; a part of it may have been carried out then.
 */
export function invalidateOnce(shared: SharedStore, tags: readonly Tag[], timeoutMs: number): Promise<number> {
  const unused = (): void => {};
  const redis = createRedisTier({
    shared,
    // Nothing is encoded or decoded.
    codec: createCodec({ compressAbove: Infinity }),
    timeoutMs,
    onAnswer: unused,
    onFailure: unused,
    onUnreadable: unused,
  });
  return redis.invalidate(boundedTags(tags), unused);
}
