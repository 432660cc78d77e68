import type { ExecutionResult } from '@graphql-tools/utils';

const REFUSALS: ReadonlySet<unknown> = new Set(['UNAUTHORIZED_FIELD_OR_TYPE', 'FORBIDDEN', 'UNAUTHENTICATED']);

/** Whether nothing of an event is left for the client, because it may not see it: the whole of it was refused, or its root. */
export function isEventWithheld({ data, errors = [] }: ExecutionResult): boolean {
  const isEmpty = !data || Object.values(data as object).every((value) => value === null);
  if (!isEmpty) return false;
  return errors.some(({ path = [], extensions }) => path.length <= 1 && REFUSALS.has(extensions?.['code']));
}
