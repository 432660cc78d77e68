import type { ExecutionResult } from '@graphql-tools/utils';
import { GraphQLError } from 'graphql';
import type { EventOutlet, OpenOutlet } from '../../request-context.ts';
import { boundedQueue, type Overflow } from '../bounded-queue.ts';

/** One client's subscription: what it is to get, until it has read it. */
export interface Subscriber {
  /** To be read; or, where there is an outlet, only to be given back. */
  readonly events: AsyncIterableIterator<ExecutionResult>;
  give(event: ExecutionResult): void;
  /** No more events; with errors, these are the last that it gets. */
  end(errors?: readonly GraphQLError[]): void;
}

export interface SubscriberOptions {
  readonly queue: number;
  readonly overflow: Overflow;
  /** Where events go, if they are not to be read. */
  readonly openOutlet: OpenOutlet | undefined;
  /** An event found no room. */
  onDropped(): void;
  /** Once, however it ended. */
  onEnded(): void;
}

export function openSubscriber(options: SubscriberOptions): Subscriber {
  const { queue: most, overflow, openOutlet, onDropped, onEnded } = options;
  const queue = boundedQueue<ExecutionResult>(most, overflow);
  let last: readonly GraphQLError[] | undefined;
  let isOver = false;
  /** More may be sent. */
  let isOpen = false;
  const outlet: EventOutlet | undefined = openOutlet?.(() => {
    isOpen = true;
    flush();
  });

  function flush(): void {
    if (!outlet) return;
    while (isOpen) {
      const event = queue.take();
      if (!event) break;
      isOpen = outlet.send(event);
    }
    if (isOver && isOpen) outlet.end(last);
  }

  function leave(): void {
    if (isOver) return;
    isOver = true;
    queue.end();
    onEnded();
    flush();
  }

  return {
    give(event) {
      if (isOver) return;
      if (isOpen && outlet && queue.size === 0) {
        isOpen = outlet.send(event);
        return;
      }
      if (queue.push(event) === undefined) return;
      onDropped();
      if (overflow !== 'close') return;
      queue.clear();
      last = [tooSlow()];
      leave();
    },
    end(errors) {
      if (isOver) return;
      last = errors;
      leave();
    },
    events: {
      async next() {
        const step = await queue.next();
        if (step.done !== true || last === undefined) return step;
        const value = { errors: last };
        last = undefined;
        return { done: false, value };
      },
      async return() {
        queue.clear();
        last = undefined;
        isOpen = false;
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
