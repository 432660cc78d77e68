import type { SharedStore } from '../../../redis/index.ts';
import { optionChecks } from '../option-checks.ts';
import type { Upstream } from '../upstream.ts';
import { sharingKey } from './key.ts';
import { openSession } from './session.ts';
import { openSinks } from '../sinks.ts';

export interface SharedOptions<Wrapped extends Upstream> {
  /** How subgraphs are subscribed to; it is closed with this one. */
  readonly upstream: Wrapped;
  /** Its owner closes it, after this one. */
  readonly store: SharedStore;
  /** After so many ms without a word from the process that holds a subscription, another takes over. Default: 3,000. */
  readonly lease?: number;
  /** A larger event (bytes of JSON) is not sent to other processes: each opens its own then. Default: 1 MiB. */
  readonly maxEventBytes?: number;
  /** Headers whose value is one caller's alone: a subscription with one of them is not shared. `gatehouse-principal` always is. Default: none. */
  readonly ownHeaders?: readonly string[];
}

/** It holds a token that is signed anew all the time, so that no two would be equal. */
const PRINCIPAL_HEADER = 'gatehouse-principal';

/**
 * Has all processes that share a Redis share their subscriptions too: of those that ask a subgraph for the same, one
 * opens it and says to the others what comes. Whoever may have missed an event is told that the subscription is lost,
 * never less; opened again, it is shared again. Without Redis, and while it is away, each process opens its own.
 *
 * @throws Error that names the option that is wrong, and what it takes
 *
 * @example
 * useSubscriptions({ upstream: sharedUpstream({ upstream: webSocketUpstream(), store }) })
 */
export function sharedUpstream<Wrapped extends Upstream>(options: SharedOptions<Wrapped>): Wrapped {
  const { upstream, store, lease: ttl = 3_000, maxEventBytes = 1024 * 1024, ownHeaders = [] } = options;
  const check = optionChecks('sharedUpstream');
  check.callable('upstream.open', upstream?.open);
  check.callable('store.run', store?.run);
  check.whole('lease', ttl, 100);
  check.whole('maxEventBytes', maxEventBytes, 1);
  check.texts('ownHeaders', ownHeaders);
  const own = new Set([PRINCIPAL_HEADER, ...ownHeaders.map((name) => name.toLowerCase())]);
  const leaving = new Set<Promise<unknown>>();

  function onLeaving(left: Promise<unknown>): void {
    leaving.add(left);
    void left.then(() => leaving.delete(left));
  }

  const sinks = openSinks((operation, told) => {
    const isShared = store.kind !== 'memory' && !Object.keys(operation.headers).some((name) => own.has(name));
    if (!isShared) return upstream.open(operation, told);
    const { open } = upstream;
    return openSession(operation, sharingKey(operation), { open, store, ttl, maxEventBytes, onLeaving }, told);
  });

  return {
    ...upstream,
    open: sinks.open,
    async close() {
      sinks.close();
      await Promise.all([upstream.close(), ...leaving]);
    },
    status: () => ({ ...upstream.status(), subscriptions: sinks.count() }),
  };
}
