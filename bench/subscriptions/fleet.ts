import { startChild } from './child.ts';
import type { ClientsCommand } from './clients.ts';

const PROCESSES = 2;

/** The clients of all processes. */
export interface Fleet extends AsyncDisposable {
  connect(url: string, count: number): Promise<void>;
  /** Clients of one topic after the other, as many of each. */
  subscribe(topics: number): Promise<void>;
  /** Resolves when each has got a probe. */
  probed(): Promise<void>;
  /** Resolves when they have got so many events in total. */
  received(events: number): Promise<void>;
  /** The delays of these events, in ms, sorted. */
  takeDelays(): Promise<Float64Array>;
  disconnect(): Promise<void>;
}

export function startFleet(): Fleet {
  const processes = Array.from({ length: PROCESSES }, () => startChild<ClientsCommand>('clients.ts'));
  let ofEach = 0;

  async function all<Answer>(command: ClientsCommand): Promise<readonly Answer[]> {
    return Promise.all(processes.map((one) => one.ask<Answer>(command)));
  }

  return {
    async connect(url, count) {
      ofEach = count / PROCESSES;
      await Promise.all(processes.map((one, n) => one.ask({ do: 'connect', url, count: ofEach, first: n * ofEach })));
    },
    async subscribe(topics) {
      // Else an event would go to more clients of one process than of another.
      if (!Number.isInteger(ofEach / topics)) throw new Error(`${ofEach} clients cannot share ${topics} topics evenly`);
      await all({ do: 'subscribe', topics });
    },
    async probed() {
      await all({ do: 'probed' });
    },
    async received(events) {
      await all({ do: 'await', events: events / PROCESSES });
    },
    async takeDelays() {
      const delays = await all<Float64Array>({ do: 'take' });
      return Float64Array.from(delays.flatMap((some) => [...some]))
        .map((delay) => delay / 1_000)
        .toSorted();
    },
    async disconnect() {
      await all({ do: 'disconnect' });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}
