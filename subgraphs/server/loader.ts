import DataLoader from 'dataloader';

/** Reads a whole batch at once; the answers stand in the order of the keys, and a row that is not there is undefined. */
export type BatchRead<Key, Row> = (keys: readonly Key[]) => Row[];

/**
 * Gathers the look-ups of one tick into one batch read, so that an `_entities` call of any length reads the table once.
 * It remembers nothing between batches: a subscription keeps its request context for as long as it lives, and would
 * else send the first event's row with every later event.
 */
export function batchLoader<Key, Row>(read: BatchRead<Key, Row>): DataLoader<Key, Row> {
  return new DataLoader((keys) => Promise.resolve(read(keys)), { cache: false });
}
