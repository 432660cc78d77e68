import { createPublicKey, type KeyObject } from 'node:crypto';
import { jwtVerify } from 'jose';

// How a subgraph learns from the gateway who is calling. Nothing here is of this demo alone: copy it into your own.

/** The header of each HTTP request; on a WebSocket, in `extensions.headers` of the `subscribe` message's payload. */
export const PRINCIPAL_HEADER = 'gatehouse-principal';

/** Who is calling, in the gateway's word. */
export interface Caller {
  /** A user's or a client's id; `anonymous` for nobody known. */
  readonly id: string;
  readonly kind: 'user' | 'client' | 'anonymous';
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** The class of service. */
  readonly tier: string | undefined;
}

/**
 * Who the token of a request speaks of; undefined when it has none. Rejects when it does not verify: such a request is
 * not from the gateway, and is to be refused.
 */
export type CallerReader = (token: unknown) => Promise<Caller | undefined>;

interface PrincipalClaims {
  readonly sub: string;
  readonly kind: Caller['kind'];
  /** With spaces between (RFC 8693, section 4.2). */
  readonly scope: string;
  readonly roles: readonly string[];
  readonly tier?: string;
}

/**
 * Reads the gateway's tokens: JWTs (RFC 7519) signed with Ed25519 (RFC 8037) for one subgraph and about a minute. All
 * that makes them so is checked, and stated here, not taken from the token (RFC 8725, sections 3.1, 3.8, 3.9 and 3.11).
 *
 * @param subgraph the name of this subgraph at the gateway: a token for another one does not verify
 * @param publicKey see `gatewayKey`; without one nobody's word is trusted, and no request has a caller
 */
export function callerReader(subgraph: string, publicKey: KeyObject | undefined): CallerReader {
  return async (token) => {
    if (publicKey === undefined || token === undefined) return undefined;
    const { payload } = await jwtVerify<PrincipalClaims>(token as string, publicKey, {
      algorithms: ['EdDSA'],
      typ: 'gatehouse-principal+jwt',
      issuer: 'gatehouse',
      audience: subgraph,
      // Without it, a token that never expires would do.
      requiredClaims: ['exp', 'sub'],
    });
    const { sub, kind, scope, roles, tier } = payload;
    return { id: sub, kind, scopes: scope.split(' ').filter(Boolean), roles, tier };
  };
}

/**
 * The public half of the gateway's `PRINCIPAL_SIGNING_KEY`.
 *
 * @param text SPKI (RFC 5280, section 4.1), as PEM or as base64 of its DER
 * @throws Error that says what is taken, and does not repeat the text
 */
export function gatewayKey(text: string): KeyObject {
  const key = readKey(text);
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new Error(
    "GATEHOUSE_PUBLIC_KEY takes the public half of the gateway's Ed25519 key (SPKI), as PEM or as base64 of its DER.",
  );
}

function readKey(text: string): KeyObject | undefined {
  const base64 = text.replaceAll(/-----(?:BEGIN|END) PUBLIC KEY-----/g, '');
  try {
    // Not from the PEM itself: of a private key, Node would quietly make the public one.
    return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
