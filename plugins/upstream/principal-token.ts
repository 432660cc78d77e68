import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import type { Principal } from '../request-context.ts';

/** The header that tells a subgraph who is calling. */
export const PRINCIPAL_HEADER = 'gatehouse-principal';

export interface PrincipalTokenOptions {
  /** An Ed25519 private key (PKCS#8), as PEM or as base64 of its DER; from the environment. */
  readonly signingKey: string;
  /** `iss` of the tokens. Default: `gatehouse`. */
  readonly issuer?: string;
  /** How long a token is good for, in ms. Default: 60,000. */
  readonly lifetime?: number;
  /** Claims of the principal's credential that subgraphs see. Default: none. */
  readonly claims?: readonly string[];
}

/** A token that says to one subgraph who the principal is. `now` in ms since 1970. */
export type PrincipalSigner = (principal: Principal, subgraph: string, now: number) => string;

const DEFAULT_ISSUER = 'gatehouse';
const DEFAULT_LIFETIME = 60_000;
const HEADER = encode({ alg: 'EdDSA', typ: 'gatehouse-principal+jwt' });

interface Signed {
  readonly token: string;
  /** ms since 1970 */
  readonly renewAt: number;
}

/**
 * Signs principals for subgraphs as JWTs (RFC 7519; EdDSA, RFC 8037) that hold for one subgraph and a short while, so
 * that no subgraph can use them at another. Only the gateway can make them: a subgraph has the public half of the key.
 *
 * Throws an `Error` that names the option when one is wrong, and never repeats the key.
 */
export function principalSigner(options: PrincipalTokenOptions): PrincipalSigner {
  const { issuer = DEFAULT_ISSUER, lifetime = DEFAULT_LIFETIME, claims: shown = [] } = options;
  const key = privateKey(options.signingKey);
  if (!(Number.isInteger(lifetime) && lifetime >= 1_000)) {
    throw new Error(`useUpstream: principal.lifetime is ${lifetime}; it takes a whole number of ms from 1000`);
  }
  const signed = new WeakMap<Principal, Map<string, Signed>>();

  function make(principal: Principal, subgraph: string, now: number): Signed {
    const { id, kind, method, clientId, scopes, roles, tier, claims, expiresAt = Infinity } = principal;
    const until = Math.min(now + lifetime, expiresAt);
    const payload = {
      iss: issuer,
      aud: subgraph,
      iat: Math.floor(now / 1_000),
      exp: Math.ceil(until / 1_000),
      sub: id,
      kind,
      method,
      client_id: clientId,
      scope: scopes.join(' '),
      roles,
      tier,
      ...(shown.length > 0 && { claims: pick(claims, shown) }),
    };
    const content = `${HEADER}.${encode(payload)}`;
    const token = `${content}.${sign(null, Buffer.from(content), key).toString('base64url')}`;
    // Equal calls are made one by their headers, so a token is kept for as long as it leaves a subgraph time to read it.
    return { token, renewAt: now + Math.min(lifetime, until - now) / 2 };
  }

  return (principal, subgraph, now) => {
    const tokens = signed.get(principal) ?? new Map<string, Signed>();
    signed.set(principal, tokens);
    const known = tokens.get(subgraph);
    if (known && now < known.renewAt) return known.token;
    const made = make(principal, subgraph, now);
    tokens.set(subgraph, made);
    return made.token;
  };
}

function privateKey(text: string): KeyObject {
  const key = readKey(text);
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new Error(
    'useUpstream: principal.signingKey takes an Ed25519 private key (PKCS#8), as PEM or as base64 of its DER, such as ' +
      '"openssl genpkey -algorithm ed25519" makes',
  );
}

/** Undefined for what is no private key; the reason would repeat parts of it. */
function readKey(text: string): KeyObject | undefined {
  try {
    return text.includes('-----BEGIN')
      ? createPrivateKey(text)
      : createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
}

function pick(claims: Principal['claims'], names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]));
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
