import { fork } from 'node:child_process';
import { end, nextMessage } from '../../harness/child-process.ts';
import { until } from '../../harness/until.ts';

/** Some entities whose versions stand in `upstreamUrl`, a Redis of the test, and are cached in the Redis at `url`. */
export interface Run {
  readonly url: string;
  readonly upstreamUrl: string;
  readonly entities: number;
  readonly readers: number;
  /** Mutations and invalidations at once. */
  readonly writers: number;
  /** The longest random pause before, within and after each step, in ms. */
  readonly maxDelayMs: number;
}

/** What was read through L2: times are on the clock that all processes share, in ms. */
export interface Read {
  readonly entity: number;
  readonly version: number;
  readonly beganAt: number;
}

/** An invalidation that was delivered. */
export interface Acknowledged {
  readonly entity: number;
  readonly version: number;
  readonly at: number;
}

export interface Report {
  readonly reads: readonly Read[];
  readonly acknowledged: readonly Acknowledged[];
  /** Reads from L1 of a version of which the process had heard that it is invalid. */
  readonly heardAndServed: readonly Read[];
  readonly errors: readonly string[];
  /** The longest wait for the cache in one read, without fetching. */
  readonly longestWaitMs: number;
  readonly from: Readonly<Record<'l1' | 'l2' | 'fetch', number>>;
}

export type Order =
  | { readonly do: 'start'; readonly run: Run }
  | { readonly do: 'stop' }
  | { readonly do: 'status' }
  | { readonly do: 'read'; readonly entity: number }
  | {
      readonly do: 'stampede';
      readonly id: string;
      readonly at: number;
      readonly count: number;
      readonly fetchMs: number;
    };

export interface Gateways {
  start(run: Run): Promise<void>;
  stop(): Promise<readonly Report[]>;
  /** All at the same time. */
  all<Answer>(order: Order): Promise<readonly Answer[]>;
  /** Waits until every process hears the others and has delivered what it had to. */
  recovered(): Promise<void>;
  close(): Promise<void>;
}

/** Starts processes that are gateways as far as the cache goes. */
export async function startGateways(count: number): Promise<Gateways> {
  const children = Array.from({ length: count }, () => fork(new URL('./gateway-process.ts', import.meta.url)));
  const close = async (): Promise<void> => {
    await Promise.all(children.map(end));
  };

  async function all<Answer>(order: Order): Promise<readonly Answer[]> {
    const answers = Promise.all(children.map(nextMessage));
    for (const child of children) child.send(order);
    return (await answers) as readonly Answer[];
  }

  try {
    await Promise.all(children.map(nextMessage));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    start: async (run) => void (await all({ do: 'start', run })),
    stop: () => all({ do: 'stop' }),
    all,
    async recovered() {
      await until('all processes to be linked', async () => {
        const statuses = await all<{ l2: string; undelivered: number }>({ do: 'status' });
        return statuses.every(({ l2, undelivered }) => l2 === 'linked' && undelivered === 0);
      });
    },
    close,
  };
}

/** Reads of a version older than one whose invalidation had been acknowledged when the read began. */
export function staleReads(reports: readonly Report[]): readonly Read[] {
  const acknowledged = reports.flatMap((report) => report.acknowledged).toSorted((a, b) => a.at - b.at);
  const reads = reports.flatMap((report) => report.reads).toSorted((a, b) => a.beganAt - b.beganAt);
  const newest = new Map<number, number>();
  let next = 0;
  return reads.filter(({ entity, version, beganAt }) => {
    for (let ack = acknowledged[next]; ack !== undefined && ack.at < beganAt; ack = acknowledged[++next]) {
      newest.set(ack.entity, Math.max(newest.get(ack.entity) ?? 0, ack.version));
    }
    return version < (newest.get(entity) ?? 0);
  });
}
