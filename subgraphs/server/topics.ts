/** What a subscriber that reads too slowly may have waiting; the oldest event goes first. */
const MAX_WAITING = 100;

/** Events under a name, delivered within the process to all who listen to that name. */
export interface Topics<Event> {
  publish(topic: string, event: Event): void;
  /** Listens from the moment of the call; leaving the loop (or `return()`) ends it. */
  subscribe(topic: string): AsyncGenerator<Event, void, undefined>;
  /** How many listen to a topic now. */
  subscribers(topic: string): number;
}

type Deliver<Event> = (event: Event) => void;

export function createTopics<Event>(): Topics<Event> {
  const listeners = new Map<string, Set<Deliver<Event>>>();

  const listen = (topic: string, deliver: Deliver<Event>): (() => void) => {
    const group = listeners.get(topic) ?? new Set();
    listeners.set(topic, group.add(deliver));
    return () => {
      group.delete(deliver);
      if (group.size === 0 && listeners.get(topic) === group) listeners.delete(topic);
    };
  };

  return {
    publish(topic, event) {
      for (const deliver of listeners.get(topic) ?? []) deliver(event);
    },
    subscribe: (topic) => eventStream((deliver) => listen(topic, deliver)),
    subscribers: (topic) => listeners.get(topic)?.size ?? 0,
  };
}

// Not an async generator function: its `return()` would wait for the next event before it let go of the topic.
function eventStream<Event>(listen: (deliver: Deliver<Event>) => () => void): AsyncGenerator<Event, void, undefined> {
  const waiting: Event[] = [];
  const readers: ((result: IteratorResult<Event, void>) => void)[] = [];
  let ended = false;

  const stop = listen((event) => {
    const reader = readers.shift();
    if (reader) return reader({ done: false, value: event });
    waiting.push(event);
    if (waiting.length > MAX_WAITING) waiting.shift();
  });

  const end = (): void => {
    ended = true;
    stop();
    waiting.length = 0;
    for (const reader of readers.splice(0)) reader({ done: true, value: undefined });
  };

  return {
    next() {
      if (waiting.length > 0) return Promise.resolve({ done: false, value: waiting.shift() as Event });
      if (ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => readers.push(resolve));
    },
    return() {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    throw(error) {
      end();
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]() {
      end();
      return Promise.resolve();
    },
  };
}
