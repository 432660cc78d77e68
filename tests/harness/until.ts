import { setTimeout as sleep } from 'node:timers/promises';

const DEADLINE = 15_000;
const POLL = 25;

type Truthy<Value> = Exclude<Value, false | '' | 0 | null | undefined>;

/** Resolves with the first truthy value of `condition`; rejects, saying what it waited for, when there is none in time (ms). */
export async function until<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  deadline: number = DEADLINE,
): Promise<Truthy<Value>> {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await condition();
    if (value) return value as Truthy<Value>;
    if (Date.now() > end) throw new Error(`waited ${deadline} ms for ${what}`);
    await sleep(POLL);
  }
}
