/** Requests at a steady rate. */
export interface Load<Result> {
  /** What came of those that were answered. */
  readonly results: Result[];
  /** Resolves when all that were sent are answered. */
  stop(): Promise<void>;
}

/** Calls `send` so many times a second, whether or not the last was answered. What it rejects with, `stop` does. */
export function startLoad<Result>(perSecond: number, send: (count: number) => Promise<Result>): Load<Result> {
  const results: Result[] = [];
  const pending = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const began = performance.now();
  let count = 0;

  const timer = setInterval(() => {
    // A timer that fires late sends what became due meanwhile.
    const due = ((performance.now() - began) / 1_000) * perSecond;
    while (count < due) {
      const sending = send(count++)
        .then((result) => void results.push(result))
        .catch((error: unknown) => void failures.push(error))
        .finally(() => pending.delete(sending));
      pending.add(sending);
    }
  }, 1_000 / perSecond);

  return {
    results,
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      if (failures.length > 0) throw new AggregateError(failures, `${failures.length} requests failed`);
    },
  };
}
