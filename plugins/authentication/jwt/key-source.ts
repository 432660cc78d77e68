import type { KeyObject } from 'node:crypto';
import { ENDPOINT_URL, endpointUrl } from '../issuer-endpoint.ts';
import { optionChecks } from '../option-checks.ts';
import { algorithmsFor, ASYMMETRIC, SYMMETRIC } from './algorithms.ts';
import { readKey } from './given-key.ts';
import type { JwtIssuer } from './options.ts';

/** Where an issuer's keys are. */
export type KeySource =
  | { readonly at: 'jwksUri'; readonly jwksUri: string }
  | { readonly at: 'discovery' }
  | { readonly at: 'key'; readonly key: KeyObject };

const check = optionChecks('jwtMethod');

/**
 * Throws an `Error` that names the option and what it takes; it never repeats a key.
 *
 * @param at the issuer's place in the options, `issuers[0]`
 */
export function sourceOf({ issuer, jwksUri, discovery, key, algorithms }: JwtIssuer, at: string): KeySource {
  if ([jwksUri !== undefined, discovery === true, key !== undefined].filter(Boolean).length !== 1) {
    throw new Error(`jwtMethod: ${at} takes exactly one of jwksUri, discovery: true and key`);
  }
  if (jwksUri !== undefined) {
    if (!endpointUrl(jwksUri)) throw check.wrong(`${at}.jwksUri`, withoutPassword(jwksUri), ENDPOINT_URL);
    return { at: 'jwksUri', jwksUri };
  }
  if (key === undefined) {
    const takes = `with discovery, ${ENDPOINT_URL}`;
    if (!endpointUrl(issuer)) throw check.wrong(`${at}.issuer`, withoutPassword(issuer), takes);
    return { at: 'discovery' };
  }
  const wantsSecret = algorithms?.some((name) => SYMMETRIC.includes(name)) ?? false;
  const read = readKey(key, wantsSecret ? 'secret' : 'public');
  if (read) return { at: 'key', key: read };
  const takes = wantsSecret ? 'a secret, as text or JWK, with HS algorithms' : 'a public key, as PEM or JWK';
  throw new Error(`jwtMethod: ${at}.key takes ${takes}`);
}

/** What tokens may be signed with. Throws as above. */
export function algorithmsOf({ algorithms }: JwtIssuer, source: KeySource, at: string): readonly string[] {
  const possible = source.at === 'key' ? algorithmsFor(source.key) : ASYMMETRIC;
  if (possible.length === 0) {
    throw new Error(
      `jwtMethod: ${at}.key takes RSA of 2048 bits, P-256, P-384, P-521, Ed25519, or a secret of 32 bytes`,
    );
  }
  if (algorithms === undefined) return possible;
  check.texts(`${at}.algorithms`, algorithms);
  // A key that anyone may fetch must never serve as a secret (RFC 8725, section 2.1).
  if (algorithms.length === 0 || algorithms.some((name) => !possible.includes(name))) {
    throw check.wrong(`${at}.algorithms`, algorithms, `those that its keys can verify: ${possible.join(', ')}`);
  }
  return algorithms;
}

function withoutPassword(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/[^/]*@/, '***@') : url;
}
