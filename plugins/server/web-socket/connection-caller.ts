import type { LiveCaller, Principal } from '../../request-context.ts';

type Listener = (principal: Principal | undefined) => void;

/** Who is at the other end of a connection, whose credential may be renewed. */
export interface ConnectionCaller extends LiveCaller {
  /** From now on it is known by this, of the same principal. */
  renew(caller: LiveCaller): void;
  close(): void;
}

/** @param onEnded the credential has ended, after all who watch were told */
export function connectionCaller(first: LiveCaller, onEnded: () => void): ConnectionCaller {
  const listeners = new Set<Listener>();
  let { principal } = first;
  let stop = first.watch(hear);

  function hear(next: Principal | undefined): void {
    if (next) principal = next;
    for (const listener of listeners) listener(next);
    if (!next) onEnded();
  }

  return {
    get principal() {
      return principal;
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    renew(caller) {
      stop();
      stop = caller.watch(hear);
      if (caller.principal !== principal) hear(caller.principal);
    },
    close() {
      stop();
      listeners.clear();
    },
  };
}
