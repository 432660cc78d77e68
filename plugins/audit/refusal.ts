import { GraphQLError } from 'graphql';

/** s */
export const RETRY_AFTER = '5';

/** What a client gets whose operation cannot be recorded. */
export function auditUnavailable(): GraphQLError {
  return new GraphQLError('The operation cannot be recorded at the moment, and is therefore not answered.', {
    extensions: { code: 'AUDIT_UNAVAILABLE', http: { status: 503, headers: { 'retry-after': RETRY_AFTER } } },
  });
}
