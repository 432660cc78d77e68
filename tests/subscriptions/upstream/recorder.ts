import type {
  SubgraphAnswer,
  Upstream,
  UpstreamEnd,
  UpstreamOperation,
} from '../../../plugins/subscriptions/upstream/upstream.ts';
import { until } from '../../harness/until.ts';

/** A subscription, and all that was told of it. */
export interface Recorded {
  readonly told: readonly ('opened' | SubgraphAnswer | UpstreamEnd)[];
  readonly events: readonly SubgraphAnswer[];
  giveUp(): void;
  opened(): Promise<unknown>;
  /** Resolves when so many events have come. */
  count(events: number): Promise<unknown>;
  end(): Promise<UpstreamEnd>;
}

/** Opens a subscription and writes down what is told of it. */
export function record(upstream: Upstream, operation: UpstreamOperation): Recorded {
  const told: ('opened' | SubgraphAnswer | UpstreamEnd)[] = [];
  const events: SubgraphAnswer[] = [];
  let ended: UpstreamEnd | undefined;
  const giveUp = upstream.open(operation, {
    opened: () => told.push('opened'),
    next(event) {
      told.push(event);
      events.push(event);
    },
    end(end) {
      told.push(end);
      ended = end;
    },
  });
  return {
    told,
    events,
    giveUp,
    opened: () => until('a subscription to open', () => told[0] === 'opened'),
    count: (count) => until(`${count} events`, () => events.length >= count),
    end: () => until('a subscription to end', () => ended),
  };
}

/** A subscription to what is said under a topic. */
export function saidAt(url: string, topic: string, more: Partial<UpstreamOperation> = {}): UpstreamOperation {
  return {
    subgraph: 'live',
    url,
    query: 'subscription Said($topic: String!) { said(topic: $topic) }',
    operationName: 'Said',
    variables: { topic },
    headers: {},
    ...more,
  };
}
