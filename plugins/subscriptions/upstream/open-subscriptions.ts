import { errorCode } from './error-code.ts';
import { openSinks, type Sinks } from './sinks.ts';
import type { SubgraphAnswer, SubgraphError, UpstreamOperation, UpstreamSink } from './upstream.ts';

/**
 * Asks for one subscription over some transport; tells of it only later, and may tell in any order. The returned
 * function lets go of all that it holds, at the subgraph too; it is called once, when it has ended or was given up.
 */
export type StartSubscription = (operation: UpstreamOperation, told: UpstreamSink) => () => void;

/**
 * The subscriptions of a transport. What cannot be asked for is lost, and an answer without `data` that is the first is a
 * refusal.
 */
export function openSubscriptions(start: StartSubscription): Sinks {
  return openSinks((operation, told) => {
    let isFirst = true;
    const next: UpstreamSink['next'] = (event) => {
      told.opened();
      const errors = isFirst ? requestErrors(event) : undefined;
      isFirst = false;
      if (errors) told.end({ kind: 'refused', errors });
      else told.next(event);
    };
    try {
      return start(operation, { ...told, next });
    } catch (error) {
      // Such as a URL that is none, or a header that cannot be sent.
      queueMicrotask(() => told.end({ kind: 'lost', reason: `it could not be asked for (${errorCode(error)})` }));
      return () => {};
    }
  });
}

/**
 * Of an answer without `data`: the subgraph did not even begin (GraphQL, section 7.1.2, "Request Errors"). Most servers
 * have no other way to say so, or do not use it.
 */
function requestErrors(answer: SubgraphAnswer): readonly SubgraphError[] | undefined {
  const { errors } = answer;
  return !('data' in answer) && Array.isArray(errors) && errors.length > 0 ? (errors as SubgraphError[]) : undefined;
}
