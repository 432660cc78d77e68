import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';

export type ScriptArgument = string | number;

/** What a script may answer: whole numbers, texts, null, and lists of them. */
export type ScriptReply = number | string | null | readonly ScriptReply[];

/**
 * Work on several keys that nothing else comes between: as Lua for Redis, and as TypeScript for the store in memory.
 * Both give the same answers, which is for the owner of the script to test.
 *
 * Both read and write the given keys only. The Lua takes the time from Redis (`TIME`), never from an argument: gateways
 * do not agree about the time to the millisecond. In Redis 5 and later it may write after that.
 */
export interface StoreScript<Reply extends ScriptReply> {
  /** For messages of errors. */
  readonly name: string;
  readonly lua: string;
  inMemory(keys: readonly string[], args: readonly ScriptArgument[], memory: ScriptMemory, nowMs: number): Reply;
}

/** The values of a store in memory, as a script sees them. */
export interface ScriptMemory {
  get(key: string): string | null;
  /** Replaces the value and its time to live (whole milliseconds, above 0). */
  set(key: string, value: string, ttlMs: number): void;
  delete(key: string): void;
}

/** As far as Redis is concerned. */
type LuaScript = Pick<StoreScript<ScriptReply>, 'lua'>;

const hashes = new WeakMap<LuaScript, string>();

/** Runs the script by its hash, and once by its text where the server does not know it (yet, or any more). */
export function evaluate<Reply extends ScriptReply>(
  client: Redis | Cluster,
  script: Pick<StoreScript<Reply>, 'lua'>,
  keys: readonly string[],
  args: readonly (ScriptArgument | Buffer)[],
): Promise<Reply> {
  const rest = [...keys, ...args];
  const evaluated = client.evalsha(hashOf(script), keys.length, ...rest).catch((error: unknown) => {
    if (error instanceof Error && error.message.startsWith('NOSCRIPT')) {
      return client.eval(script.lua, keys.length, ...rest);
    }
    throw error;
  });
  return evaluated as Promise<Reply>;
}

function hashOf(script: LuaScript): string {
  let hash = hashes.get(script);
  if (hash === undefined) {
    hash = createHash('sha1').update(script.lua).digest('hex');
    hashes.set(script, hash);
  }
  return hash;
}
