import type { ScriptArgument, ScriptMemory } from '../../redis/index.ts';

/** As in state.lua, line by line: how buckets and quotas are kept in a store in memory. */

const LEAST_QUOTA_TTL_MS = 60_000;
const MAX_COUNT = 4e18;

export function keepBucket(
  memory: ScriptMemory,
  key: string,
  deficit: number,
  refillPerSecond: number,
  nowUs: number,
): void {
  if (deficit === 0) memory.delete(key);
  else memory.set(key, `${deficit} ${nowUs}`, Math.ceil(deficit / refillPerSecond / 1000) + 1);
}

/** `used` of a quota in one period, and the `most` that ever was: whole micro-tokens. */
export interface Count {
  readonly used: number;
  readonly most: number;
}

export function countOf(text: string | null): Count {
  if (text === null) return { used: 0, most: 0 };
  const space = text.indexOf(' ');
  return { used: Number(text.slice(0, space)), most: Number(text.slice(space + 1)) };
}

export function keepCount(
  memory: ScriptMemory,
  key: string,
  { used, most }: Count,
  keptUntilMs: number,
  nowMs: number,
): void {
  const text = `${Math.min(used, MAX_COUNT)} ${Math.min(most, MAX_COUNT)}`;
  memory.set(key, text, Math.max(LEAST_QUOTA_TTL_MS, keptUntilMs - nowMs));
}

/** Reads the keys and arguments of a script, one after the other. */
export interface ScriptInput {
  /** Whether there is another entry. */
  readonly more: () => boolean;
  readonly key: () => string;
  readonly text: () => string;
  readonly number: () => number;
}

export function scriptInput(keys: readonly string[], [json]: readonly ScriptArgument[]): ScriptInput {
  const args = JSON.parse(String(json)) as ReadonlyArray<string | number>;
  let k = 0;
  let a = 0;
  return {
    more: () => a < args.length,
    key: () => String(keys[k++]),
    text: () => String(args[a++]),
    number: () => Number(args[a++]),
  };
}
