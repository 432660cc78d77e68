import { GraphQLError } from 'graphql';
import type { Outcome } from './authenticator.ts';

export type Refusal = Exclude<Outcome, { outcome: 'accepted' }>;

export interface RefusedResponse {
  readonly status: 401 | 429 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> };
}

/**
 * What a client is told. It learns that its credential was not accepted, and never why.
 *
 * @param schemes of `WWW-Authenticate` (RFC 9110, section 11.6.1) that would be taken
 */
export function refusedResponse(refusal: Refusal, schemes: readonly string[]): RefusedResponse {
  switch (refusal.outcome) {
    case 'refused': {
      const isMissing = refusal.why === 'missing';
      return {
        status: 401,
        headers: { 'www-authenticate': challenge(schemes, isMissing ? undefined : 'invalid_token') },
        error: {
          message: isMissing ? 'A credential is needed.' : 'The credential is not valid.',
          extensions: { code: 'UNAUTHENTICATED' },
        },
      };
    }
    case 'limited':
      return {
        status: 429,
        headers: { 'retry-after': String(refusal.retryAfter) },
        error: {
          message: 'Too many credentials from this address were not valid.',
          extensions: { code: 'RATE_LIMITED', retryAfter: refusal.retryAfter },
        },
      };
    case 'unavailable':
      return {
        status: 503,
        headers: { 'retry-after': String(refusal.retryAfter) },
        error: {
          message: 'The credential cannot be checked at the moment.',
          extensions: { code: 'AUTHENTICATION_UNAVAILABLE', retryAfter: refusal.retryAfter },
        },
      };
  }
}

/** The same as an error of an operation, for what is past the HTTP request. */
export function refusedError(refusal: Refusal, schemes: readonly string[]): GraphQLError {
  const { status, headers, error } = refusedResponse(refusal, schemes);
  return new GraphQLError(error.message, { extensions: { ...error.extensions, http: { status, headers } } });
}

/** RFC 6750, section 3: nothing is said of an error to a client that sent no credential. */
function challenge(schemes: readonly string[], error: string | undefined): string {
  const parameters = `realm="gatehouse"${error === undefined ? '' : `, error="${error}"`}`;
  return schemes.map((scheme) => `${scheme} ${parameters}`).join(', ');
}
