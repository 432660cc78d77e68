import type { Claims } from './claims.ts';

/** What claims must say. Undefined: they may say what they want. */
export interface Expectations {
  readonly issuer: string | undefined;
  /** At least one of these. */
  readonly audience: readonly string[] | undefined;
  /** Claims that must be there. */
  readonly required: readonly string[];
  /** How far the clocks may differ, in ms. */
  readonly leeway: number;
}

/** ms since 1970: from the first until before the second. */
export interface Period {
  readonly from: number;
  readonly until: number;
}

/** What is wrong, and when. */
export interface ClaimFault extends Period {
  /** For the log; without any part of the claims. */
  readonly reason: string;
}

/** The last second that JavaScript has a date for. */
const LAST_SECOND = 8.64e12;

/** What is wrong with claims (RFC 7519, section 4.1), at `now`, in ms since 1970; undefined when nothing is. */
export function faultOf(claims: Claims, expected: Expectations, now: number): ClaimFault | undefined {
  const { issuer, audience, required } = expected;
  if (issuer !== undefined && claims['iss'] !== undefined && claims['iss'] !== issuer) return lasting('wrong issuer');
  if (audience !== undefined && !isFor(claims['aud'], audience)) return lasting('wrong audience');
  const missing = required.find((name) => !Object.hasOwn(claims, name) || claims[name] === null);
  // The name is the gateway's own: it stands in its options.
  if (missing !== undefined) return lasting(`no ${missing}`);
  if (!isDate(claims['exp']) || !isDate(claims['nbf'])) return lasting('malformed times');
  const { from, until } = validityPeriod(claims, expected.leeway);
  if (now >= until) return { reason: 'expired', from: until, until: Infinity };
  return now < from ? { reason: 'not yet valid', from: -Infinity, until: from } : undefined;
}

/** When claims without a fault are valid. The leeway, in ms, is added at both ends. */
export function validityPeriod(claims: Claims, leeway: number): Period {
  const { exp, nbf } = claims;
  return {
    from: typeof nbf === 'number' ? nbf * 1000 - leeway : -Infinity,
    until: typeof exp === 'number' ? exp * 1000 + leeway : Infinity,
  };
}

function isFor(aud: unknown, accepted: readonly string[]): boolean {
  return accepted.some((audience) => (Array.isArray(aud) ? aud.includes(audience) : aud === audience));
}

function isDate(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && Math.abs(value) <= LAST_SECOND);
}

function lasting(reason: string): ClaimFault {
  return { reason, from: -Infinity, until: Infinity };
}
