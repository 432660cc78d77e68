import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf, type Client, type Request } from '../all/load.ts';

/** ms; a request that nobody answers is one that failed. */
const PATIENCE = 5_000;

export interface Loop {
  /** Each connection asks one after the other, the next of these, over and over. */
  readonly requests: readonly Request[];
  readonly urls: readonly string[];
  /** To each URL. */
  readonly connections: number;
}

export interface Asked {
  readonly answered: number;
  /** How long half of the answers took at most, and all but one in a hundred, in ms. */
  readonly p50: number;
  readonly p99: number;
  /** ms, from the first request to the last answer. */
  readonly duration: number;
  /** Why requests failed: no answer, another status than 200, errors. */
  readonly failures: readonly string[];
}

/** Asks until the signal aborts. What is under way then is answered still, and counts. */
export async function closedLoop({ requests, urls, connections }: Loop, signal: AbortSignal): Promise<Asked> {
  const durations: number[] = [];
  const failures: string[] = [];
  let next = 0;
  await using clients = new AsyncDisposableStack();
  const began = performance.now();

  async function connection(url: string): Promise<void> {
    const client = clients.use(clientOf({ url, pid: process.pid }));
    while (!signal.aborted) {
      const request = requests[next++ % requests.length];
      if (!request) return;
      const askedAt = performance.now();
      try {
        await answerOf(client, request);
        durations.push(performance.now() - askedAt);
      } catch (error) {
        failures.push(String(error));
      }
    }
  }

  await Promise.all(urls.flatMap((url) => Array.from({ length: connections }, () => connection(url))));
  const duration = performance.now() - began;
  const sorted = durations.toSorted((one, other) => one - other);
  const percentile = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return { answered: durations.length, p50: percentile(0.5), p99: percentile(0.99), duration, failures };
}

async function answerOf(client: Client, request: Request): Promise<void> {
  const over = new AbortController();
  const late = sleep(PATIENCE, undefined, over).then(() => {
    throw new Error(`no answer within ${PATIENCE} ms`);
  });
  try {
    await Promise.race([client.ask(request), late]);
  } finally {
    over.abort();
    late.catch(() => {});
  }
}
