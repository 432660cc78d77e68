/**
 * The outcome of `work`, or a rejection with `late()` once `ms` have passed without one; the work itself goes on.
 */
export function withDeadline<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // After a blocked event loop timers run before sockets are read: what has arrived by now is not late.
      setImmediate(() => reject(late()));
    }, ms);
    const settle =
      <V>(to: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer);
        to(value);
      };
    work.then(settle(resolve), settle(reject));
  });
}
