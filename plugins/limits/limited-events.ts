/**
 * The events of a stream that are let through. It ends when the stream does, and ends the stream when it is given up,
 * also while the next event is being waited for.
 */
export function eventsWithin<Event>(
  events: AsyncIterable<Event>,
  isWithin: (event: Event) => boolean | Promise<boolean>,
): AsyncIterableIterator<Event> {
  const source = events[Symbol.asyncIterator]();
  return {
    async next() {
      for (;;) {
        const step = await source.next();
        if (step.done === true || (await isWithin(step.value))) return step;
      }
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
