import type { ScriptArgument, ScriptReply, StoreScript } from './script.ts';

/**
 * What the processes of one gateway share: values, claims and messages. There are two: Redis, and a stand-in in memory
 * that keeps the same promises within one process. Keys and channels are used as given; a prefix is the caller's.
 *
 * Every method that returns a promise settles soon (the command timeout, see `connectRedis`) and rejects with
 * `StoreUnavailableError` when the answer could not be had. Such a command may still have been carried out.
 */
export interface SharedStore {
  readonly kind: 'redis' | 'memory';

  get(key: string): Promise<string | null>;

  /**
   * Reads many values in one round trip, as bytes: UTF-8 where text was set. A Cluster is asked for each key, all at once.
   *
   * @param options.timeoutMs see `run`
   */
  getMany(keys: readonly string[], options?: { readonly timeoutMs?: number }): Promise<readonly (Buffer | null)[]>;

  /**
   * Sets many values in one round trip, in no order and without holding together: when it rejects, some may have been set.
   *
   * @param options.timeoutMs see `run`
   */
  setMany(values: readonly TimedValue[], options?: { readonly timeoutMs?: number }): Promise<void>;

  /** Replaces the value and its time to live: without `ttlMs` (whole milliseconds, above 0) the value stays. */
  set(key: string, value: string, options?: { readonly ttlMs?: number }): Promise<void>;

  /**
   * True for exactly one caller until `ttlMs` (whole milliseconds, above 0) have passed or the claim is released, in
   * whichever process the callers are. A claim that rejected may have been made: `release` it if that matters.
   *
   * @param owner tells the claims of several callers apart for `release`; any string
   */
  claim(key: string, ttlMs: number, owner?: string): Promise<boolean>;

  /** Gives a claim back, if it is still the one that was made with this `owner`. */
  release(key: string, owner?: string): Promise<void>;

  /**
   * Runs a script: atomically, in one command. It is sent by its hash, and by its text to a server that does not know it.
   *
   * @param keys all that the script reads and writes. On a Cluster they have to be in one slot: give them a hash tag.
   * @param options.timeoutMs for a caller that cannot wait as long as the store's command timeout: how long this may
   *   take at most, waiting for the first connection included.
   */
  run<Reply extends ScriptReply>(
    script: StoreScript<Reply>,
    keys: readonly string[],
    args: readonly ScriptArgument[],
    options?: { readonly timeoutMs?: number },
  ): Promise<Reply>;

  /** Sends a message to whoever listens on the channel now, this process too. Nothing is kept for those who do not. */
  publish(channel: string, message: string): Promise<void>;

  /**
   * Listens until the returned function is called. The promise is fulfilled when no later message can be missed or,
   * when the server does not answer within a second or is known to be down, without that promise. It never rejects
   * for a lost connection: that is made again for as long as the store is open.
   *
   * @param onReconnect called whenever the subscription stands again after a time in which messages may have been
   *   missed, also when it stands for the first time later than the promise was fulfilled. Never called in memory.
   * @param onLost called as soon as it is known that messages may be missed from now on, which `onReconnect` ends; also
   *   when the promise is about to be fulfilled while the subscription does not stand. Never called in memory.
   */
  subscribe(
    channel: string,
    listener: MessageListener,
    onReconnect?: () => void | Promise<void>,
    onLost?: () => void | Promise<void>,
  ): Promise<Unsubscribe>;

  /** What is known in the background; asks nobody and costs nothing. The first call begins the connection. */
  status(): StoreStatus;

  /** Ends connections and timers; every other call rejects from now on. */
  close(): Promise<void>;
}

/** A value that is gone after `ttlMs` (whole milliseconds, above 0). */
export interface TimedValue {
  readonly key: string;
  readonly value: Buffer;
  readonly ttlMs: number;
}

/** An error that it throws or rejects with is logged, and keeps no other listener from its message. */
export type MessageListener = (message: string) => void | Promise<void>;

/** Stops listening, at once: the listener is not called again. */
export type Unsubscribe = () => void;

/** `off`: this store is in memory, there is no Redis to be up or down. `latencyMs`: of the last background PING. */
export type StoreStatus =
  | { readonly status: 'ok'; readonly latencyMs: number }
  | { readonly status: 'down'; readonly error: string }
  | { readonly status: 'off' };

/** The store could not answer: it is down, late, full, closed, or refused the command. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'STORE_UNAVAILABLE';
}

/** The owner of a claim whose caller named none. */
export const ANYONE = 'anyone';

/** Throws a RangeError for a time to live that Redis would refuse. */
export function checkTtl(ttlMs: number): void {
  if (Number.isSafeInteger(ttlMs) && ttlMs > 0) return;
  throw new RangeError(`ttlMs takes a whole number of milliseconds above 0, not ${ttlMs}.`);
}

export function closedError(): StoreUnavailableError {
  return new StoreUnavailableError('The store is closed.');
}
