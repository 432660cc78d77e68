import type { SharedStore } from '../../../redis/index.ts';
import type { UpstreamSink } from '../upstream.ts';
import { hear } from './hear.ts';
import type { Holder } from './lease.ts';
import { parseMessage, type Message, type Position } from './message.ts';

/**
 * - `done`: the sink was told of an end, or it was given up
 * - `again`: nothing was told, and who was followed has gone
 * - `deaf`: nothing was told, and messages cannot be heard at the moment
 * - `not followed`: nothing was told, and there is nobody to follow
 */
export type Followed =
  | { readonly kind: 'done' | 'again' | 'deaf' }
  | { readonly kind: 'not followed'; readonly holder: Exclude<Holder, { kind: 'other' }> | undefined };

export interface FollowOptions {
  readonly store: Pick<SharedStore, 'subscribe'>;
  readonly channel: string;
  /** Who holds the subscription; claims it when nobody does. Undefined when that cannot be known. */
  readonly claim: () => Promise<Holder | undefined>;
  /** For how long nothing may be heard, in ms: by then the lease is gone. */
  readonly silence: number;
  /** Takes what stops it: then it is `done`. */
  readonly onStop: (stop: () => void) => void;
}

/** Follows the process that holds a subscription, from the moment on at which it is known who that is. */
export async function follow({ store, channel, claim, silence, onStop }: FollowOptions, told: UpstreamSink) {
  const outcome = Promise.withResolvers<Followed>();
  let isOver = false;
  let holder: { readonly token: string; position: Position } | undefined;
  /** Heard before it was known who the holder is. */
  let early: Message | undefined;
  let heardAt = 0;
  let timer: NodeJS.Timeout | undefined;

  function finish(how: Followed): void {
    isOver = true;
    clearTimeout(timer);
    outcome.resolve(how);
  }

  /** Only what was told that it is open can have a gap. */
  function lose(reason: string): void {
    if (isOver) return;
    if (holder?.position.isOpen) told.end({ kind: 'lost', reason });
    else finish({ kind: holder ? 'again' : 'deaf' });
  }

  function listen(text: string): void {
    const message = parseMessage(text);
    if (isOver || !message) return;
    if (holder) take(message, holder);
    else early = message;
  }

  function take(message: Message, from: NonNullable<typeof holder>): void {
    // Others may have been late, or be early; if the lease was taken from this one, it falls silent.
    if (message.token !== from.token) return;
    heardAt = performance.now();
    timer?.refresh();
    const heard = hear(from.position, message);
    if (heard.kind === 'over') return lose(heard.reason);
    if (heard.kind === 'end') return told.end(heard.end);
    const wasOpen = from.position.isOpen;
    from.position = heard.position;
    if (!wasOpen && heard.position.isOpen) told.opened();
    if (heard.kind === 'event') told.next(heard.event);
  }

  function begin(from: Extract<Holder, { kind: 'other' }>): void {
    heardAt = performance.now();
    timer = setTimeout(onSilence, silence).unref();
    const isFrom = early?.token === from.token ? early : undefined;
    // What came before it is told to be open is not missing.
    const number = Math.max(from.position.number, isFrom?.number ?? 0);
    holder = { token: from.token, position: { isOpen: false, number } };
    if (isFrom) take(isFrom, holder);
    if (isOver || holder.position.isOpen || !from.position.isOpen) return;
    holder.position = { ...holder.position, isOpen: true };
    told.opened();
  }

  function onSilence(): void {
    // After a pause of this process timers run before sockets are read.
    setImmediate(() => {
      if (performance.now() - heardAt >= silence) lose('the process that had it is silent');
      else timer?.refresh();
    });
  }

  onStop(() => finish({ kind: 'done' }));
  const onLost = (): void => lose('the connection to Redis was lost');
  const subscribed = store.subscribe(channel, listen, undefined, onLost);
  // It rejects when the store is closed.
  const unsubscribe = await subscribed.catch(onLost);
  const found = isOver ? undefined : await claim();
  if (!isOver && found?.kind === 'other') begin(found);
  else if (found?.kind !== 'other') finish({ kind: 'not followed', holder: found });
  const how = await outcome.promise;
  unsubscribe?.();
  return how;
}
