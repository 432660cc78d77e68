import type { Logger } from '@graphql-hive/gateway';
import type { Overflow } from './bounded-queue.ts';
import type { SourceSettings } from './sources/index.ts';
import type { Upstream } from './upstream/upstream.ts';

/** Times in ms. */
export interface SubscriptionsOptions extends Partial<SourceSettings> {
  /** How subgraphs are subscribed to. Default: `webSocketUpstream()`, on the path of each subgraph's URL. */
  readonly upstream?: Upstream;
  /** Those that are subscribed to in another way, by name. Default: none. */
  readonly subgraphs?: Readonly<Record<string, Upstream>>;
  /**
   * Where the events of fields with `@pubsubOperation` come from, such as `topicUpstream({ pubsub })`. Without it their
   * subgraphs are asked for them like for any other.
   */
  readonly topics?: Upstream;
  /** Events that wait for a client that does not read as fast as they come, for each of its subscriptions. Default: 128. */
  readonly queue?: number;
  /**
   * What becomes of an event that finds no room: the oldest that waits makes room, it is dropped itself, or the
   * subscription ends with `SLOW_CONSUMER`. Default: `drop-oldest`.
   */
  readonly onSlow?: Overflow;
  /** Subscriptions of one principal at the same time, over all its connections; of an address, without a credential. Default: 1,000. */
  readonly maxPerPrincipal?: number;
  /** After a reload, subscriptions that subgraphs have to be asked for anew are asked for within this time, in ms. Default: 1,000. */
  readonly reloadJitter?: number;
  /**
   * Events go straight to clients on WebSockets, for a third of the CPU: plugins of your own that read the results of
   * subscriptions do not see them. Default: false.
   */
  readonly direct?: boolean;
  /** Tells clients at once when the connection to a subgraph was lost, and when it is back. Default: false. */
  readonly notices?: boolean;
  readonly log?: Pick<Logger, 'warn' | 'error' | 'debug'> | undefined;
}

export type SubscriptionsSettings = Required<Omit<SubscriptionsOptions, 'log' | 'upstream' | 'subgraphs' | 'topics'>> &
  Pick<SubscriptionsOptions, 'log'>;

const DEFAULTS = {
  queue: 128,
  retries: 10,
  retryDelay: 500,
  maxRetryDelay: 10_000,
  maxPerPrincipal: 1_000,
  reloadJitter: 1_000,
};

/** `setTimeout` fires at once for anything longer. */
const LARGEST = 2 ** 31 - 1;
const FROM_ZERO: ReadonlySet<string> = new Set(['retries', 'reloadJitter']);
const OVERFLOWS: readonly string[] = ['drop-oldest', 'drop-newest', 'close'] satisfies Overflow[];

/** The options with the defaults in place. Throws an `Error` that names the option and what it takes. */
export function subscriptionsSettings(options: SubscriptionsOptions): SubscriptionsSettings {
  const numbers = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value = options[name] ?? DEFAULTS[name];
    const least = FROM_ZERO.has(name) ? 0 : 1;
    if (!Number.isInteger(value) || value < least || value > LARGEST)
      throw new Error(`useSubscriptions: ${name} is ${value}; it takes a whole number from ${least} to ${LARGEST}`);
    numbers[name] = value;
  }
  const { onSlow = 'drop-oldest', direct = false, notices = false, log } = options;
  if (!OVERFLOWS.includes(onSlow))
    throw new Error(`useSubscriptions: onSlow is ${JSON.stringify(onSlow)}; it takes ${OVERFLOWS.join(', ')}`);
  return { ...numbers, onSlow, direct, notices, log };
}
