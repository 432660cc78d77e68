import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SharedStore } from '../../../redis/index.ts';
import type { OpenUpstream, UpstreamOperation, UpstreamSink } from '../upstream.ts';
import { follow } from './follow.ts';
import { keep } from './keep.ts';
import { leaseOf, type Holder } from './lease.ts';

/** How often another process is followed that is gone before anything was told. */
const MOST_FOLLOWED = 3;
/** Of those who want to be next; in ms. */
const JITTER = 100;

export interface SessionOptions {
  readonly open: OpenUpstream;
  readonly store: SharedStore;
  /** How long a lease lasts, in ms. */
  readonly ttl: number;
  readonly maxEventBytes: number;
  /** Takes what goes on after the subscription is over. */
  readonly onLeaving: (left: Promise<unknown>) => void;
}

/**
 * One subscription that may be shared: held for all, or followed. `told` is one that keeps what `UpstreamSink` promises,
 * and lets go of this when it has ended.
 *
 * @returns what lets go of it
 */
export function openSession(operation: UpstreamOperation, key: string, options: SessionOptions, told: UpstreamSink) {
  const { open, store, ttl, maxEventBytes, onLeaving } = options;
  const lease = leaseOf(store, key, ttl);
  const token = randomUUID();
  let isOver = false;
  let isClaimed = false;
  let stop = (): void => {};

  async function claim(): Promise<Holder | undefined> {
    const holder = await lease.hold(token, { isOpen: false, number: 0 }, []).catch(() => undefined);
    // Without an answer it may be so.
    isClaimed = holder === undefined || holder.kind === 'me';
    return holder;
  }

  async function release(): Promise<void> {
    // What cannot be released ends by itself.
    if (isClaimed) await lease.hold(token, 'released', []).catch(() => {});
  }

  function onStop(does: () => void): void {
    stop = does;
    if (isOver) stop();
  }

  function openAlone(): void {
    onLeaving(release());
    onStop(open(operation, told));
  }

  function openForAll(): void {
    const canFollow = (): boolean => store.status().status === 'ok';
    onStop(keep({ open, operation, lease, token, ttl, maxEventBytes, canFollow, onLeaving }, told));
  }

  async function join(): Promise<void> {
    let holder = await claim();
    for (let turn = 0; !isOver && holder?.kind === 'other' && turn < MOST_FOLLOWED; turn++) {
      const followed = await follow({ store, channel: lease.channel, claim, silence: ttl, onStop }, told);
      if (followed.kind === 'not followed') holder = followed.holder;
      else if (followed.kind === 'deaf') holder = undefined;
      else if (followed.kind === 'again') {
        await sleep(Math.random() * JITTER, undefined, { ref: false });
        if (!isOver) holder = await claim();
      }
    }
    if (isOver) await release();
    else if (holder === undefined || holder.kind === 'me') openForAll();
    else openAlone();
  }

  const joined = join();
  return () => {
    isOver = true;
    stop();
    onLeaving(joined);
  };
}
