import { setTimeout as sleep } from 'node:timers/promises';

/** A generous end for what must not hang; nothing should take a tenth of it. */
const NOT_HANGING_MS = 5000;

/** The outcome of something that must not hang; rejects when it does. */
export async function soon<T>(work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = sleep(NOT_HANGING_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`It hangs: no outcome within ${NOT_HANGING_MS} ms.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
    late.catch(() => {});
  }
}
