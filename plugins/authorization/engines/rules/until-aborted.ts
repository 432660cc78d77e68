/** What the promises give, and `instead` for each that has given nothing when the signal aborts. */
export async function untilAborted<Value>(
  pending: readonly (Value | Promise<Value>)[],
  instead: Value,
  signal: AbortSignal,
): Promise<Value[]> {
  const { promise: aborted, resolve } = Promise.withResolvers<Value>();
  const onAbort = () => resolve(instead);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.all(pending.map((value) => Promise.race([value, aborted])));
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
