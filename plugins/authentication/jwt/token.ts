import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Claims } from '../claims.ts';

/** What a token says of itself, with nothing verified. Of its header, only what helps to choose the key. */
export interface UnverifiedToken {
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly claims: Claims;
}

/** Three parts in base64url; the last is empty in one that is not signed, which is for us to refuse. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** RFC 7519's own, and RFC 9068's; tokens for other ends (`logout+jwt`, ...) must not serve for this (RFC 8725, 3.11). */
const TYPES = /^(?:application\/)?(?:at\+)?jwt$/i;

/** Whether a text has the form of a JWS in compact serialization (RFC 7515, section 7.1). */
export function hasJwsForm(text: string): boolean {
  return COMPACT.test(text) && headerOf(text) !== undefined;
}

/**
 * Reads a token, or gives what is wrong with it. `jku`, `x5u`, `jwk` and `x5c` are left where they are: whoever made
 * the token chose them. No extension is understood, so `crit` is refused (RFC 7515, section 4.1.11).
 */
export function readToken(token: string): UnverifiedToken | string {
  const header = COMPACT.test(token) ? headerOf(token) : undefined;
  if (header === undefined) return 'malformed';
  const { alg, kid, typ, crit } = header;
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return 'malformed header';
  if (crit !== undefined) return 'critical header';
  if (typ !== undefined && !(typeof typ === 'string' && TYPES.test(typ))) return 'wrong type';
  try {
    return { algorithm: alg, kid, claims: decodeJwt(token) };
  } catch {
    return 'malformed';
  }
}

function headerOf(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
}
