import { errorCode } from './error-code.ts';
import type { OpenUpstream, SubgraphAnswer, SubgraphError, UpstreamOperation, UpstreamSink } from './upstream.ts';

/**
 * Asks for one subscription over some transport; tells of it only later, and may tell in any order. The returned
 * function lets go of all that it holds, at the subgraph too; it is called once, when it has ended or was given up.
 */
export type StartSubscription = (operation: UpstreamOperation, told: UpstreamSink) => () => void;

export interface OpenSubscriptions {
  readonly open: OpenUpstream;
  count(): number;
  loseAll(reason: string): void;
  /** Ends all as lost, and from now on each that is opened. */
  close(): void;
}

const CLOSING = 'the gateway is closing';

/** Keeps for a transport what `Upstream` and `UpstreamSink` promise. */
export function openSubscriptions(start: StartSubscription): OpenSubscriptions {
  const live = new Set<UpstreamSink>();
  let isClosed = false;

  function open(operation: UpstreamOperation, sink: UpstreamSink): () => void {
    let state: 'asked' | 'open' | 'over' = 'asked';
    let isFirst = true;
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
        if (state !== 'open') return;
        const errors = isFirst ? requestErrors(event) : undefined;
        isFirst = false;
        if (errors) told.end({ kind: 'refused', errors });
        else sink.next(event);
      },
      end(end) {
        if (state === 'over') return;
        finish();
        sink.end(end);
      },
    };

    live.add(told);
    if (isClosed) {
      queueMicrotask(() => told.end({ kind: 'lost', reason: CLOSING }));
    } else {
      try {
        release = start(operation, told);
      } catch (error) {
        // Such as a URL that is none, or a header that cannot be sent.
        queueMicrotask(() => told.end({ kind: 'lost', reason: `it could not be asked for (${errorCode(error)})` }));
      }
    }
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

/**
 * Of an answer without `data`: the subgraph did not even begin (GraphQL, section 7.1.2, "Request Errors"). Most servers
 * have no other way to say so, or do not use it.
 */
function requestErrors(answer: SubgraphAnswer): readonly SubgraphError[] | undefined {
  const { errors } = answer;
  return !('data' in answer) && Array.isArray(errors) && errors.length > 0 ? (errors as SubgraphError[]) : undefined;
}
