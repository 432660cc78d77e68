import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf, type Answer } from '../all/load.ts';

/** ms */
const DEADLINE = 60_000;

/** One that asks a gateway on a connection of its own. */
export interface Watcher extends AsyncDisposable {
  /**
   * Asks again and again until `isOver` says so of an answer, and the time when it was asked for (`performance.now()`).
   * Throws an `Error` when that takes longer than a minute.
   */
  ask(query: string, isOver: (answer: Answer, askedAt: number) => boolean): Promise<void>;
}

/** `pause`: ms between an answer and the next question. */
export function watcherOf(url: string, pause: number): Watcher {
  const client = clientOf({ url, pid: process.pid });
  return {
    async ask(query, isOver) {
      const request = { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) };
      const deadline = performance.now() + DEADLINE;
      for (;;) {
        const askedAt = performance.now();
        if (isOver(await client.ask(request), askedAt)) return;
        if (askedAt > deadline) throw new Error(`${url} did not answer ${query} as it should within ${DEADLINE} ms`);
        await sleep(pause);
      }
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
