import { beatText, type Position } from './message.ts';
import type { Hold, Holder, Lease } from './lease.ts';

/** In one script: Redis does nothing else meanwhile. */
const MESSAGES_AT_ONCE = 100;
const MOST_WAITING = 1_000;
/** How often the last word is tried; who did not hear it notices the silence. */
const LAST_TRIES = 3;

export interface AnnouncerOptions {
  readonly lease: Lease;
  readonly token: string;
  /** How long the lease lasts, in ms. */
  readonly ttl: number;
  /** Of all that waits to be said. */
  readonly maxBytes: number;
  readonly position: () => Position;
  /** Another holds the lease, or nobody may; what waited was dropped. Told each time that it turns out so. */
  readonly onOther: (holder: Exclude<Holder, { kind: 'me' }>) => void;
}

/** Says to other processes what happens to a subscription, in order, and holds its lease. */
export interface Announcer {
  /** Whether it is of use to say anything but where the subscription is. */
  isHeard(): boolean;
  say(text: string): void;
  /** Says where the subscription is, which it does by itself every third of `ttl`. */
  beat(): void;
  /** Says a last word, and gives the lease back or withdraws it. Resolves when that was done, or tried often enough. */
  leave(text: string, as: Exclude<Hold, Position>): Promise<void>;
}

interface Waiting {
  readonly text: string;
  readonly bytes: number;
  /** What the lease is to hold when it was said. */
  readonly hold: Hold;
}

/**
 * One script is under way at a time; what comes meanwhile goes with the next. What Redis did not answer is said again,
 * which changes nothing for those who heard it. What finds no room replaces all that waits: the numbers tell of it.
 */
export function announcer({ lease, token, ttl, maxBytes, position, onOther }: AnnouncerOptions): Announcer {
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let state: 'idle' | 'sending' | 'pausing' | 'over' = 'idle';
  let answeredAt = performance.now();
  let isLeaving = false;
  let lastTries = LAST_TRIES;
  const left = Promise.withResolvers<void>();
  const renewal = setInterval(beat, ttl / 3).unref();

  const isHeard = (): boolean => !isLeaving && performance.now() - answeredAt < ttl;

  function replaceWaiting(by: Waiting[]): void {
    waiting = by;
    waitingBytes = by.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  function enqueue(text: string, hold: Hold): void {
    const bytes = Buffer.byteLength(text);
    if (waiting.length === MOST_WAITING || waitingBytes + bytes > maxBytes) replaceWaiting([]);
    waiting.push({ text, bytes, hold });
    waitingBytes += bytes;
    if (state === 'idle') void send();
  }

  function beat(): void {
    // What waits renews the lease as well.
    if (!isLeaving && waiting.length === 0) enqueue(beatText(token, position()), position());
  }

  async function send(): Promise<void> {
    state = 'sending';
    for (;;) {
      const batch = waiting.slice(0, MESSAGES_AT_ONCE);
      const last = batch.at(-1);
      if (!last) break;
      replaceWaiting(waiting.slice(MESSAGES_AT_ONCE));
      const texts = batch.map(({ text }) => text);
      const holder = await lease.hold(token, last.hold, texts).catch(() => undefined);
      if (!holder) return sayAgain(batch);
      answeredAt = performance.now();
      if (holder.kind === 'me') continue;
      replaceWaiting([]);
      if (!isLeaving) onOther(holder);
    }
    state = 'idle';
    if (isLeaving) finish();
  }

  function sayAgain(batch: readonly Waiting[]): void {
    if (isLeaving && --lastTries === 0) return finish();
    // After so long a silence nobody follows any more.
    replaceWaiting(isLeaving || isHeard() ? [...batch, ...waiting] : []);
    state = 'pausing';
    setTimeout(() => void send(), ttl / 10).unref();
  }

  function finish(): void {
    state = 'over';
    replaceWaiting([]);
    left.resolve();
  }

  return {
    isHeard,
    say(text) {
      if (isHeard()) enqueue(text, position());
    },
    beat,
    leave(text, as) {
      if (!isLeaving) {
        isLeaving = true;
        clearInterval(renewal);
        enqueue(text, as);
      }
      return left.promise;
    },
  };
}
