/** What becomes of what comes when the queue is full. With `close`, the queue ends. */
export type Overflow = 'drop-oldest' | 'drop-newest' | 'close';

/** For one reader. What it holds when it ends is still read, unless it is cleared. */
export interface BoundedQueue<Item> {
  /** The item that found no room, or had to make room; undefined when there was enough. */
  push(item: Item): Item | undefined;
  next(): Promise<IteratorResult<Item, undefined>>;
  /** What `next` would give now, if anything. */
  take(): Item | undefined;
  end(): void;
  clear(): void;
  readonly size: number;
  readonly hasEnded: boolean;
}

const DONE = { done: true, value: undefined } as const;
/** Never pushed to. */
const NONE: never[] = [];

export function boundedQueue<Item>(most: number, overflow: Overflow): BoundedQueue<Item> {
  let items: Item[] = NONE;
  let hasEnded = false;
  let waiting: ((step: IteratorResult<Item, undefined>) => void) | undefined;

  function end(): void {
    hasEnded = true;
    if (items.length === 0) waiting?.(DONE);
    waiting = undefined;
  }

  return {
    push(item) {
      if (hasEnded) return item;
      if (waiting) {
        const give = waiting;
        waiting = undefined;
        give({ done: false, value: item });
        return undefined;
      }
      if (items.length < most) {
        // Most queues never hold anything.
        if (items === NONE) items = [item];
        else items.push(item);
        return undefined;
      }
      if (overflow === 'drop-oldest') {
        items.push(item);
        return items.shift();
      }
      if (overflow === 'close') end();
      return item;
    },
    next() {
      const item = items.shift();
      if (item !== undefined) return Promise.resolve({ done: false, value: item });
      if (hasEnded) return Promise.resolve(DONE);
      return new Promise((resolve) => (waiting = resolve));
    },
    take: () => items.shift(),
    end,
    clear() {
      items = NONE;
    },
    get size() {
      return items.length;
    },
    get hasEnded() {
      return hasEnded;
    },
  };
}
