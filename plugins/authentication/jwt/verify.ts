import { compactVerify } from 'jose';
import { faultOf, validityPeriod } from '../claim-checks.ts';
import { principalOf } from '../claims.ts';
import { FOR_EVER, refusal, type Judgement } from '../judged-tokens.ts';
import type { IssuerKeys, KeyLookup } from './keys.ts';
import type { ResolvedIssuer } from './options.ts';
import { readToken } from './token.ts';

export interface TrustedIssuer extends ResolvedIssuer {
  readonly published: IssuerKeys;
}

/** How long a token without a kid is not tried again, in ms: each trial costs as many signatures as there are keys. */
const TRIAL_STANDS = 5_000;

/**
 * Verifies a token (RFC 7519, section 7.2, and RFC 8725) at `now`, in ms since 1970. All that it says is looked at
 * before its key is looked for, so that only what may become valid costs a signature or a request. Never rejects.
 */
export async function judge(
  token: string,
  issuers: ReadonlyMap<unknown, TrustedIssuer>,
  now: number,
): Promise<Judgement> {
  const read = readToken(token);
  if (typeof read === 'string') return refusal(read, FOR_EVER);
  const { algorithm, claims } = read;
  const issuer = issuers.get(claims['iss']);
  if (!issuer) return refusal('unknown issuer', FOR_EVER);
  if (!issuer.algorithms.includes(algorithm)) return refusal('algorithm not allowed', FOR_EVER);
  const fault = faultOf(claims, issuer.expected, now);
  if (fault) return refusal(fault.reason, fault);

  const keys = issuer.published;
  let found = await keys.find(read, now);
  let signed = await isSigned(token, found, algorithm);
  if (!signed && found.outcome === 'found' && read.kid === undefined) {
    // Without a kid only trial tells that the key is a new one.
    found = await keys.find(read, now, found.version);
    signed = await isSigned(token, found, algorithm);
  }
  if (found.outcome === 'unavailable') {
    return { verdict: { ...found, reason: 'the keys of the issuer cannot be fetched' } };
  }
  if (found.outcome === 'unknown') {
    return refusal('unknown key', read.kid === undefined ? { from: -Infinity, until: now + TRIAL_STANDS } : undefined);
  }
  const { version } = found;
  const holds = (at: number): boolean => {
    keys.used(at);
    return keys.version() === version;
  };
  if (!signed) return refusal('signature', { ...FOR_EVER, holds });
  const principal = principalOf(claims, 'jwt', issuer.names);
  if (!principal) return refusal('no subject', FOR_EVER);
  return {
    verdict: Object.freeze({ outcome: 'accepted', principal }),
    stands: { ...validityPeriod(claims, issuer.expected.leeway), holds },
  };
}

/** By any of the keys that may have signed it. */
async function isSigned(token: string, found: KeyLookup, algorithm: string): Promise<boolean> {
  for (const key of found.outcome === 'found' ? found.keys : []) {
    try {
      await compactVerify(token, key, { algorithms: [algorithm] });
      return true;
    } catch {
      // Not by this key, be it of another kind.
    }
  }
  return false;
}
