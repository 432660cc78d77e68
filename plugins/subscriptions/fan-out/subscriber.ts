import type { ExecutionResult } from '@graphql-tools/utils';
import { GraphQLError } from 'graphql';
import { boundedQueue, type Overflow } from '../bounded-queue.ts';

/** One client's subscription: what it is to get, until it has read it. */
export interface Subscriber {
  readonly events: AsyncIterableIterator<ExecutionResult>;
  give(event: ExecutionResult): void;
  /** No more events; with errors, these are the last that it gets. */
  end(errors?: readonly GraphQLError[]): void;
}

export interface SubscriberOptions {
  readonly queue: number;
  readonly overflow: Overflow;
  /** An event found no room. */
  onDropped(): void;
  /** Once, however it ended. */
  onEnded(): void;
}

export function openSubscriber({ queue: most, overflow, onDropped, onEnded }: SubscriberOptions): Subscriber {
  const queue = boundedQueue<ExecutionResult>(most, overflow);
  let last: ExecutionResult | undefined;
  let isOver = false;

  function leave(): void {
    if (isOver) return;
    isOver = true;
    queue.end();
    onEnded();
  }

  return {
    give(event) {
      if (isOver || queue.push(event) === undefined) return;
      onDropped();
      if (overflow !== 'close') return;
      queue.clear();
      last = { errors: [tooSlow()] };
      leave();
    },
    end(errors) {
      if (isOver) return;
      if (errors) last = { errors: [...errors] };
      leave();
    },
    events: {
      async next() {
        const step = await queue.next();
        if (step.done !== true || last === undefined) return step;
        const value = last;
        last = undefined;
        return { done: false, value };
      },
      async return() {
        queue.clear();
        last = undefined;
        leave();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
  };
}

function tooSlow(): GraphQLError {
  return new GraphQLError('Events came faster than they were read.', { extensions: { code: 'SLOW_CONSUMER' } });
}
