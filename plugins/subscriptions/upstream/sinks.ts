import type { OpenUpstream, UpstreamOperation, UpstreamSink } from './upstream.ts';

const CLOSING = 'the gateway is closing';

export interface Sinks {
  readonly open: OpenUpstream;
  count(): number;
  loseAll(reason: string): void;
  /** Ends all as lost, and from now on each that is opened. */
  close(): void;
}

/**
 * Keeps what `Upstream` and `UpstreamSink` promise, whatever is told and when.
 *
 * @param start what it returns is called once, when the subscription has ended or was given up
 */
export function openSinks(start: (operation: UpstreamOperation, told: UpstreamSink) => () => void): Sinks {
  const live = new Set<UpstreamSink>();
  let isClosed = false;

  function open(operation: UpstreamOperation, sink: UpstreamSink): () => void {
    let state: 'asked' | 'open' | 'over' = 'asked';
    let release: (() => void) | undefined;

    function finish(): void {
      state = 'over';
      live.delete(told);
      release?.();
    }

    const told: UpstreamSink = {
      opened() {
        if (state !== 'asked') return;
        state = 'open';
        sink.opened();
      },
      next(event) {
        told.opened();
        if (state === 'open') sink.next(event);
      },
      end(end) {
        if (state === 'over') return;
        finish();
        sink.end(end);
      },
    };

    live.add(told);
    if (isClosed) queueMicrotask(() => told.end({ kind: 'lost', reason: CLOSING }));
    else release = start(operation, told);
    return () => {
      if (state !== 'over') finish();
    };
  }

  function loseAll(reason: string): void {
    // Who is told may open the next one, which is not among them.
    const those = [...live];
    for (const told of those) told.end({ kind: 'lost', reason });
  }

  return {
    open,
    count: () => live.size,
    loseAll,
    close() {
      isClosed = true;
      loseAll(CLOSING);
    },
  };
}
