import { fork } from 'node:child_process';
import { end, nextMessage } from '../harness/child-process.ts';
import type { Bucket } from '../../plugins/limits/buckets/bucket.ts';
import type { Entry } from '../../plugins/limits/buckets/entry.ts';
import type { LeaseOptions } from '../../plugins/limits/buckets/leases.ts';
import { createQuota } from '../../plugins/limits/quotas/quota.ts';

/** An entry as it is told to another process: a bucket, or a quota of a month that only counts. */
export type ToldEntry =
  | { readonly key: string; readonly bucket: Bucket }
  | { readonly key: string; readonly counts: true };

/** For one token. */
export function entryOf(told: ToldEntry): Entry {
  if ('bucket' in told) return { kind: 'bucket', ...told, amount: 1 };
  const quota = createQuota({ limit: 1e9, period: { unit: 'month' }, overage: 'allow' });
  return { kind: 'quota', key: told.key, quota, amount: 1 };
}

export interface TakerOrder {
  readonly url: string;
  /** What each take is for. */
  readonly entries: readonly ToldEntry[];
  /** Takes at once, in each process. */
  readonly concurrency: number;
  readonly forMs: number;
  readonly leases?: LeaseOptions;
}

/** What one process has seen; times in ms since 1970, by the clock that it shares with Redis. */
export interface TakerReport {
  readonly admitted: number;
  readonly refused: number;
  /** Of those admitted, by a lease. */
  readonly leased: number;
  /** Counted without Redis. */
  readonly alone: number;
  readonly firstAskedAt: number;
  readonly firstAnsweredAt: number;
  readonly lastAskedAt: number;
  readonly lastAnsweredAt: number;
}

export interface Takers {
  /** All processes take at the same time. */
  take(order: TakerOrder): Promise<TakerReport[]>;
  close(): Promise<void>;
}

/** Starts processes that are gateways as far as limits go. */
export async function startTakers(count: number): Promise<Takers> {
  const children = Array.from({ length: count }, () => fork(new URL('./taker-process.ts', import.meta.url)));
  await all('up');

  async function all(message: string): Promise<void> {
    for (const said of await Promise.all(children.map(nextMessage))) {
      if (said !== message) throw new Error(`A process said ${String(said)} in place of ${message}.`);
    }
  }

  return {
    async take(order) {
      const ready = all('ready');
      for (const child of children) child.send(order);
      await ready;
      const reports = Promise.all(children.map(nextMessage)) as Promise<TakerReport[]>;
      for (const child of children) child.send('go');
      return reports;
    },

    async close() {
      await Promise.all(children.map(end));
    },
  };
}
