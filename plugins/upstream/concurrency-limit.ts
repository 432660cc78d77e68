export interface ConcurrencyOptions {
  /** Calls at the same time. */
  readonly calls: number;
  /** Calls that may wait for one to end. */
  readonly queue: number;
}

export type Release = () => void;

export interface ConcurrencyLimit {
  /**
   * At once when there is room, else when there will be; undefined when the queue is full too. Rejects with the
   * signal's reason when it aborts.
   */
  acquire(signal: AbortSignal): Release | Promise<Release> | undefined;
  running(): number;
  waiting(): number;
}

export function concurrencyLimit(options: ConcurrencyOptions): ConcurrencyLimit {
  const queue = new Set<() => void>();
  let running = 0;

  function release(): void {
    const [next] = queue;
    if (next) {
      queue.delete(next);
      next();
    } else {
      running--;
    }
  }

  function once(): Release {
    let released = false;
    return () => {
      if (!released) release();
      released = true;
    };
  }

  return {
    running: () => running,
    waiting: () => queue.size,
    acquire(signal) {
      if (running < options.calls) {
        running++;
        return once();
      }
      if (queue.size >= options.queue) return undefined;
      return new Promise((resolve, reject) => {
        const admit = () => {
          signal.removeEventListener('abort', giveUp);
          resolve(once());
        };
        const giveUp = () => {
          queue.delete(admit);
          reject(signal.reason as Error);
        };
        queue.add(admit);
        if (signal.aborted) giveUp();
        else signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
