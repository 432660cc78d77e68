import { EVERYTHING, type Tag } from '../../tags/tag.ts';

/** More of them are delivered as one: everything. */
const MAX_TAGS = 10_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;

export interface DeliveriesOptions {
  /** Rejects when it could not be delivered, or not be known to be. */
  readonly deliver: (tags: readonly Tag[]) => Promise<number>;
  /** Told when the first could not be delivered, and when none is left. */
  readonly onChange: (undelivered: number) => void;
}

/** Invalidations on their way to the other processes. None is lost while this process lives. */
export interface Deliveries {
  /** Undefined when it could not be delivered now: that is tried again until it can. */
  send(tags: readonly Tag[]): Promise<number | undefined>;
  /** Whether an invalidation of one of the tags is still on its way. */
  concerns(tags: readonly Tag[]): boolean;
  /** How many tags could not be delivered so far. */
  undelivered(): number;
  /** Tries a last time. */
  close(): Promise<void>;
}

export function createDeliveries({ deliver, onChange }: DeliveriesOptions): Deliveries {
  /** How many first attempts are under way for each tag. */
  const sending = new Map<Tag, number>();
  /** Each with a number of its own for each time that it was not delivered. */
  const undelivered = new Map<Tag, number>();
  let failures = 0;
  let attempt = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function keep(tags: readonly Tag[]): void {
    const before = undelivered.size;
    for (const tag of tags) undelivered.set(tag, ++failures);
    if (undelivered.size > MAX_TAGS) {
      undelivered.clear();
      undelivered.set(EVERYTHING, ++failures);
    }
    if (before === 0) onChange(undelivered.size);
    if (timer === undefined && !closed) retryLater();
  }

  function retryLater(): void {
    const pause = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt++, 10));
    timer = setTimeout(() => void retry(), pause * (0.5 + Math.random() / 2)).unref();
  }

  async function retry(): Promise<void> {
    await tryAll();
    timer = undefined;
    if (undelivered.size > 0 && !closed) retryLater();
  }

  async function tryAll(): Promise<void> {
    const taken = [...undelivered];
    const tags = taken.map(([tag]) => tag);
    try {
      await deliver(tags.includes(EVERYTHING) ? [EVERYTHING] : tags);
    } catch {
      return;
    }
    // What was not delivered again since then is later than what has been.
    for (const [tag, failure] of taken) if (undelivered.get(tag) === failure) undelivered.delete(tag);
    attempt = 0;
    if (undelivered.size === 0) onChange(0);
  }

  return {
    async send(tags) {
      for (const tag of tags) sending.set(tag, (sending.get(tag) ?? 0) + 1);
      try {
        return await deliver(tags);
      } catch {
        keep(tags);
        return undefined;
      } finally {
        for (const tag of tags) {
          const left = (sending.get(tag) ?? 1) - 1;
          if (left === 0) sending.delete(tag);
          else sending.set(tag, left);
        }
      }
    },

    concerns(tags) {
      if (sending.size === 0 && undelivered.size === 0) return false;
      const isOnItsWay = (tag: Tag): boolean => sending.has(tag) || undelivered.has(tag);
      return isOnItsWay(EVERYTHING) || tags.some(isOnItsWay);
    },

    undelivered: () => undelivered.size,

    async close() {
      closed = true;
      clearTimeout(timer);
      if (undelivered.size > 0) await tryAll();
    },
  };
}
