import type { OpenUpstream, UpstreamOperation, UpstreamSink } from '../upstream.ts';
import { announcer } from './announcer.ts';
import type { Lease } from './lease.ts';
import { endText, eventText, goneText } from './message.ts';

/** Of the largest event: what may wait for Redis. */
const EVENTS_WAITING = 4;

export interface KeepOptions {
  readonly open: OpenUpstream;
  readonly operation: UpstreamOperation;
  readonly lease: Lease;
  readonly token: string;
  /** How long the lease lasts, in ms. */
  readonly ttl: number;
  readonly maxEventBytes: number;
  /** Whether another process can be followed at the moment. */
  readonly canFollow: () => boolean;
  /** Takes what goes on after the subscription is over. */
  readonly onLeaving: (left: Promise<void>) => void;
}

/**
 * Opens the subscription at the subgraph, for `told` and for all who follow. While Redis is away it is for `told` alone;
 * when another process turns out to hold the lease then, it is lost, so that in the end there is one again.
 *
 * Returns what gives it up.
 */
export function keep(options: KeepOptions, told: UpstreamSink): () => void {
  const { open, operation, lease, token, ttl, maxEventBytes, canFollow, onLeaving } = options;
  let isOpen = false;
  let number = 0;

  const say = announcer({
    lease,
    token,
    ttl,
    maxBytes: maxEventBytes * EVENTS_WAITING,
    position: () => ({ isOpen, number }),
    onOther(holder) {
      if (holder.kind === 'unshared') leave('it is not shared any more', 'released');
      // What was never open would not be opened again; there is a next beat.
      else if (isOpen && canFollow()) told.end({ kind: 'lost', reason: 'another process has it' });
    },
  });

  function leave(reason: string, as: 'released' | 'unshared'): void {
    onLeaving(say.leave(goneText(token, number, reason), as));
  }

  const isTooLong = (text: string): boolean => Buffer.byteLength(text) > maxEventBytes;
  const tooLong = `of more than ${maxEventBytes} bytes it is not shared`;

  const abandon = open(operation, {
    opened() {
      isOpen = true;
      say.beat();
      told.opened();
    },
    next(event) {
      number++;
      if (say.isHeard()) {
        const json = JSON.stringify(event);
        if (isTooLong(json)) leave(tooLong, 'unshared');
        else say.say(eventText(token, number, json));
      }
      told.next(event);
    },
    end(end) {
      const text = endText(token, number, end);
      if (isTooLong(text)) leave(tooLong, 'released');
      else onLeaving(say.leave(text, 'released'));
      told.end(end);
    },
  });
  return () => {
    abandon();
    leave('the process that had it gave it up', 'released');
  };
}
