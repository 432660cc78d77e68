import type { OperationAccount } from './account.ts';

/** Does a step of an operation, within a span of that name. */
export function traced<Result>(
  account: OperationAccount | undefined,
  name: string,
  step: () => Result | Promise<Result>,
): Result | Promise<Result> {
  const span = account?.trace?.begin(name);
  if (!span?.isRecorded) return step();
  try {
    const result = step();
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    return result.finally(() => span.end());
  } catch (error) {
    span.end('INTERNAL_SERVER_ERROR');
    throw error;
  }
}
