/**
 * What became of an operation. `failed`: through the gateway or a subgraph. `refused`: through the client. `incomplete`:
 * answered, with errors for some fields.
 */
export type OperationOutcome = 'success' | 'incomplete' | 'refused' | 'failed';

const FAILURES: ReadonlySet<string> = new Set([
  'INTERNAL_SERVER_ERROR',
  'SUBGRAPH_UNAVAILABLE',
  'SUBGRAPH_TIMEOUT',
  'SUBGRAPH_ERROR',
]);
const REFUSALS: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'QUOTA_EXCEEDED',
  'OPERATION_TOO_COMPLEX',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
]);

/** By the worst of it. A status is undefined on a WebSocket. */
export function operationOutcome(httpStatus: number | undefined, codes: ReadonlySet<string>): OperationOutcome {
  const status = httpStatus ?? 200;
  if (codes.size === 0 && status < 400) return 'success';
  if (status >= 500 || !codes.isDisjointFrom(FAILURES)) return 'failed';
  if (status >= 400 || !codes.isDisjointFrom(REFUSALS)) return 'refused';
  return codes.size > 0 ? 'incomplete' : 'success';
}
