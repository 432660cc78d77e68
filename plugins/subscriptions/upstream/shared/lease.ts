import type { SharedStore, StoreScript } from '../../../redis/index.ts';
import type { Position } from './message.ts';

/** Raised with every change to what is kept and said: gateways of two versions do not hear each other. */
const FORMAT = 1;

/** Stands in place of a holder while a subscription is not to be shared. */
const UNSHARED = 'unshared';
export const UNSHARED_MS = 60_000;

/**
 * KEYS: lease, channel. ARGV: token, what the lease is to hold ('' for nothing), its time to live in ms, messages.
 *
 * Does all of it for the holder of the lease and when nobody holds it. Else nothing, and answers who holds it: what a
 * former holder has to say is never heard, however late it comes.
 */
const HOLD: StoreScript<string> = {
  name: 'hold a subscription',
  lua: `
    local held = redis.call('GET', KEYS[1])
    if held and string.sub(held, 1, #ARGV[1]) ~= ARGV[1] then return held end
    if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
    for i = 4, #ARGV do redis.call('PUBLISH', KEYS[2], ARGV[i]) end
    return ''`,
  // Not run: a store in memory has no other process to share with.
  inMemory: () => UNSHARED,
};

export type Holder =
  | { readonly kind: 'me' }
  | { readonly kind: 'other'; readonly token: string; readonly position: Position }
  | { readonly kind: 'unshared' };

/** What is to become of a lease. */
export type Hold = Position | 'released' | 'unshared';

export interface Lease {
  /** Where its holder speaks. */
  readonly channel: string;
  /**
   * Claims, renews, gives back or withdraws it, and says the messages, in one step. Nothing of it when another holds it.
   * Rejects with StoreUnavailableError; it may have been done all the same, and may be done again.
   */
  hold(token: string, as: Hold, messages: readonly string[]): Promise<Holder>;
}

/** @param ttl in ms */
export function leaseOf(store: Pick<SharedStore, 'run'>, key: string, ttl: number): Lease {
  // One hash tag: the script needs both in one slot of a Cluster, and its messages keep their order only there.
  const name = `{gatehouse:subscription:${FORMAT}:${key}}`;
  const keys = [`${name}:lease`, `${name}:events`] as const;
  return {
    channel: keys[1],
    async hold(token, as, messages) {
      const lasts = as === 'unshared' ? UNSHARED_MS : ttl;
      return parseHolder(await store.run(HOLD, keys, [token, leaseText(token, as), lasts, ...messages]));
    },
  };
}

function leaseText(token: string, as: Hold): string {
  if (as === 'released') return '';
  if (as === 'unshared') return UNSHARED;
  return `${token} ${as.isOpen ? 'open' : 'opening'} ${as.number}`;
}

function parseHolder(text: string): Holder {
  if (text === '') return { kind: 'me' };
  const [token = '', state, number = ''] = text.split(' ');
  // As what cannot be read is treated, too: then each process has its own.
  if (state === undefined || !/^\d+$/.test(number)) return { kind: 'unshared' };
  return { kind: 'other', token, position: { isOpen: state === 'open', number: Number(number) } };
}
