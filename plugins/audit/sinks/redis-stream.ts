import type { ScriptArgument, SharedStore, StoreScript } from '../../redis/index.ts';
import type { AuditSink } from './sink.ts';

export interface RedisStreamSinkOptions {
  readonly store: SharedStore;
  /** Key of the stream. Default: `gatehouse:audit`. */
  readonly stream?: string;
  /** About so many records are kept. Default: 100,000. */
  readonly maxLength?: number;
}

const STREAM = 'gatehouse:audit';
const MAX_LENGTH = 100_000;
const MAX_BATCH = 100;
/** Of the store in memory, where each batch is a copy of all. */
const MAX_IN_MEMORY = 1_000;
/** ms; the store in memory keeps nothing without an end. */
const TTL_IN_MEMORY = 24 * 60 * 60 * 1_000;

/** Adds entries with a field `record`. Keys: the stream. Arguments: its length, and the records. */
const ADD: StoreScript<number> = {
  name: 'audit add',
  lua: `
for i = 2, #ARGV do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'record', ARGV[i])
end
return #ARGV - 1`,
  inMemory([stream = STREAM], [maxLength, ...records]: readonly ScriptArgument[], memory) {
    const kept = JSON.parse(memory.get(stream) ?? '[]') as ScriptArgument[];
    const all = [...kept, ...records].slice(-Math.min(Number(maxLength), MAX_IN_MEMORY));
    memory.set(stream, JSON.stringify(all), TTL_IN_MEMORY);
    return records.length;
  },
};

/**
 * A Redis stream of records as JSON, without a chain, for whoever wants to follow them. When it cannot be told whether
 * Redis has taken some, they are sent once more: a record may be there twice.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function redisStreamSink({ store, stream = STREAM, maxLength = MAX_LENGTH }: RedisStreamSinkOptions): AuditSink {
  if (!(Number.isSafeInteger(maxLength) && maxLength > 0)) {
    throw new Error(`useAudit: redisStreamSink: maxLength is ${maxLength}; it takes a whole number from 1`);
  }
  return {
    name: 'redis',
    durability: 'buffered',
    maxBatch: MAX_BATCH,
    open: async () => {},
    async write(records) {
      await store.run(ADD, [stream], [maxLength, ...records.map(({ json }) => json)]);
    },
    close: async () => {},
  };
}
