import { connectRedis, type ScriptReply, type SharedStore, type StoreScript } from '../../plugins/redis/index.ts';

/** A clock for both: what a store says that it is, in ms since 1970. */
export interface Clock {
  now: number;
}

/** So much later does everything expire: the tests' clock goes faster than Redis's own, and also back. */
const LATER_MS = 3_600_000;
const [SECONDS, MICROSECONDS] = ['{gatehouse:limits}:seconds', '{gatehouse:limits}:microseconds'];

/**
 * A store whose scripts have the time from the test. They are given no time as an argument, so that no gateway can ever
 * pass one; instead the text is changed where it asks Redis for it. Without a `url` the store is in memory.
 */
export function clockedStore(clock: Clock, url?: string): SharedStore {
  const store = connectRedis({ url, commandTimeoutMs: 5000, log: { info() {}, warn() {}, error() {} } });
  const variants = new Map<unknown, unknown>();
  let told: number | undefined;

  function variantOf<Reply extends ScriptReply>(script: StoreScript<Reply>): StoreScript<Reply> {
    const variant = (variants.get(script) ?? withClock(script, clock)) as StoreScript<Reply>;
    variants.set(script, variant);
    return variant;
  }

  return {
    ...store,
    async run(script, keys, args) {
      if (url !== undefined && told !== clock.now) {
        told = clock.now;
        await store.set(SECONDS, String(Math.floor(clock.now / 1000)));
        await store.set(MICROSECONDS, String((clock.now % 1000) * 1000));
      }
      return store.run(variantOf(script), keys, args);
    },
  };
}

function withClock<Reply extends ScriptReply>(script: StoreScript<Reply>, clock: Clock): StoreScript<Reply> {
  const lua = script.lua
    .replaceAll(`call('TIME')`, `call('MGET', '${SECONDS}', '${MICROSECONDS}')`)
    .replaceAll(`string.format('%d', ttl)`, `string.format('%d', ttl + ${LATER_MS})`);
  if (lua.split(SECONDS).length !== 2 || lua.split(`ttl + ${LATER_MS}`).length !== 3) {
    throw new Error('The script asks for the time, or expires, in another way than this test knows.');
  }
  return {
    name: script.name,
    lua,
    inMemory: (keys, args, memory) =>
      script.inMemory(
        keys,
        args,
        { ...memory, set: (key, value, ttlMs) => memory.set(key, value, ttlMs + LATER_MS) },
        clock.now,
      ),
  };
}
