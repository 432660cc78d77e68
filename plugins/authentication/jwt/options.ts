import type { JWK } from 'jose';
import type { Expectations } from '../claim-checks.ts';
import { STANDARD_CLAIMS, type ClaimNames } from '../claims.ts';
import { optionChecks } from '../option-checks.ts';
import { algorithmsOf, sourceOf, type KeySource } from './key-source.ts';

/** Who signs tokens, and what they must say. Exactly one of `jwksUri`, `discovery` and `key` says where the keys are. */
export interface JwtIssuer {
  /** The claim `iss`, exactly. */
  readonly issuer: string;
  /** What the claim `aud` must hold; of a list, at least one. */
  readonly audience: string | readonly string[];
  /** Where the JWK set is: https, or http on a loopback host. Default: nowhere. */
  readonly jwksUri?: string | undefined;
  /** The JWK set is where the issuer's OpenID Connect metadata say. Default: false. */
  readonly discovery?: boolean | undefined;
  /** The one public key, as PEM (`BEGIN PUBLIC KEY`) or JWK; or the shared secret, as text, taken as UTF-8, or JWK. Default: none. */
  readonly key?: string | JWK | undefined;
  /** Default: all that the keys can do with a public key. Those with a secret (`HS256`, ...) have to be listed. */
  readonly algorithms?: readonly string[] | undefined;
  /** How far the issuer's clock may be from ours, in ms. Default: 5,000. */
  readonly leeway?: number | undefined;
  /** Claims that must be there beside `iss`, `aud` and `exp`. Default: none. */
  readonly requiredClaims?: readonly string[] | undefined;
  /**
   * Where the scopes are, a list or a text with spaces; a name or a path with dots, as all below. Default: `scope`, else
   * `scp`.
   */
  readonly scopesClaim?: string | undefined;
  /** Where the roles are. Default: `roles`. */
  readonly rolesClaim?: string | undefined;
  /** Where the tier is. Default: `tier`. */
  readonly tierClaim?: string | undefined;
  /** Where the application's id is. Default: `client_id`, else `azp`. */
  readonly clientIdClaim?: string | undefined;
}

export interface ResolvedIssuer {
  readonly issuer: string;
  readonly source: KeySource;
  readonly algorithms: readonly string[];
  readonly expected: Expectations;
  readonly names: ClaimNames;
}

const DEFAULT_LEEWAY = 5_000;
const MAX_LEEWAY = 600_000;
const check = optionChecks('jwtMethod');

/** Fills in the defaults. Throws an `Error` that names the option and what it takes; it never repeats a key. */
export function resolveIssuers(issuers: readonly JwtIssuer[]): readonly ResolvedIssuer[] {
  if (!Array.isArray(issuers) || issuers.length === 0) {
    throw check.wrong('issuers', issuers, 'a list of at least one { issuer, audience, ... }');
  }
  const resolved = issuers.map((issuer: JwtIssuer, index) => resolveIssuer(issuer, `issuers[${index}]`));
  const twice = resolved.find(({ issuer }, index) => resolved.findIndex((other) => other.issuer === issuer) < index);
  if (twice) throw check.wrong('issuers', twice.issuer, 'each issuer once');
  return resolved;
}

function resolveIssuer(options: JwtIssuer, at: string): ResolvedIssuer {
  if (typeof options !== 'object' || options === null)
    throw check.wrong(at, options, 'an object, { issuer, audience, ... }');
  const { issuer, audience: given, leeway = DEFAULT_LEEWAY, requiredClaims = [] } = options;
  check.text(`${at}.issuer`, issuer);
  const audience = typeof given === 'string' ? [given] : given;
  check.texts(`${at}.audience`, audience);
  if (audience.length === 0) throw check.wrong(`${at}.audience`, audience, 'at least one text');
  check.texts(`${at}.requiredClaims`, requiredClaims);
  check.whole(`${at}.leeway`, leeway, { least: 0, most: MAX_LEEWAY, unit: 'ms' });
  const source = sourceOf(options, at);
  return {
    issuer,
    source,
    algorithms: algorithmsOf(options, source, at),
    expected: { issuer, audience, required: ['exp', ...requiredClaims], leeway },
    names: namesOf(options, at),
  };
}

function namesOf({ scopesClaim, rolesClaim, tierClaim, clientIdClaim }: JwtIssuer, at: string): ClaimNames {
  for (const [option, name] of Object.entries({ scopesClaim, rolesClaim, tierClaim, clientIdClaim })) {
    if (name !== undefined) check.text(`${at}.${option}`, name);
  }
  return {
    scopes: scopesClaim === undefined ? STANDARD_CLAIMS.scopes : [scopesClaim],
    roles: rolesClaim ?? STANDARD_CLAIMS.roles,
    tier: tierClaim ?? STANDARD_CLAIMS.tier,
    clientId: clientIdClaim === undefined ? STANDARD_CLAIMS.clientId : [clientIdClaim],
  };
}
