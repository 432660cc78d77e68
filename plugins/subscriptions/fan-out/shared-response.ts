import type { ExecutionResult } from '@graphql-tools/utils';
import { SERIALIZED, type SharedResponse } from '../../request-context.ts';

/**
 * A response to one event that goes to many: its JSON is made once, when it is first asked for. Whoever makes another
 * response of it, by spreading, leaves the JSON behind.
 */
export function sharedResponse({ data, errors, extensions }: ExecutionResult): ExecutionResult & SharedResponse {
  let text: string | undefined;
  let bytes: Buffer | undefined;
  const shared: ExecutionResult = { data, ...(errors && { errors }), ...(extensions && { extensions }) };
  const stringify = (): string => (text ??= JSON.stringify(shared));
  return Object.defineProperties(shared as ExecutionResult & SharedResponse, {
    // Under this name for Yoga, which sends what it gives.
    stringify: { value: stringify },
    [SERIALIZED]: { value: () => (bytes ??= Buffer.from(stringify())) },
  });
}
