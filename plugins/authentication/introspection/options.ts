import type { JWK } from 'jose';
import type { ClientAuth } from 'oauth4webapi';
import type { Expectations } from '../claim-checks.ts';
import { ENDPOINT_URL, endpointUrl } from '../issuer-endpoint.ts';
import { optionChecks } from '../option-checks.ts';
import type { Log } from '../outage.ts';
import { clientAuthentication } from './client-authentication.ts';

/** How the gateway proves to the endpoint who it is (RFC 6749, section 2.3.1; RFC 7523). */
export type IntrospectionClient =
  | { readonly id: string; readonly auth: 'basic' | 'post'; readonly secret: string }
  /** The private key as PEM (PKCS #8) or JWK: RSA, P-256, P-384, P-521 or Ed25519. */
  | { readonly id: string; readonly auth: 'private_key_jwt'; readonly privateKey: string | JWK };

export interface IntrospectionOptions {
  /** https, or http on a loopback host. */
  readonly endpoint: string;
  readonly client: IntrospectionClient;
  /** The claim `iss`, where an answer has one; needed for private_key_jwt, whose audience it is. */
  readonly issuer?: string | undefined;
  /** What the claim `aud` must hold; of a list, at least one. Default: it is not looked at. */
  readonly audience?: string | readonly string[] | undefined;
  /** How long an active token is not asked for again, in ms; a revoked one is taken for as long. Default: 60,000. */
  readonly ttl?: number | undefined;
  /** The same for one that is not active. Default: 10,000. */
  readonly negativeTtl?: number | undefined;
  /** How long the endpoint may take, in ms. Default: 3,000. */
  readonly timeout?: number | undefined;
  /** Is told when the endpoint fails, and when it answers again. */
  readonly log?: Log | undefined;
}

export interface ResolvedOptions {
  readonly endpoint: URL;
  readonly clientId: string;
  readonly authenticate: ClientAuth;
  readonly issuer: string | undefined;
  readonly expected: Expectations;
  readonly ttl: number;
  readonly negativeTtl: number;
  readonly timeout: number;
}

const DEFAULT_TTL = 60_000;
const DEFAULT_NEGATIVE_TTL = 10_000;
const DEFAULT_TIMEOUT = 3_000;
const MAX_TTL = 86_400_000;
const MAX_TIMEOUT = 60_000;
/** How far the server's clock may be from ours, in ms. */
const LEEWAY = 5_000;
const check = optionChecks('introspectionMethod');

/** Fills in the defaults. Throws an `Error` that names the option and what it takes; it never repeats a secret. */
export function resolveOptions(options: IntrospectionOptions): ResolvedOptions {
  const { client, issuer, audience: given } = options;
  const { ttl = DEFAULT_TTL, negativeTtl = DEFAULT_NEGATIVE_TTL, timeout = DEFAULT_TIMEOUT } = options;
  const endpoint = endpointUrl(options.endpoint);
  if (!endpoint) throw new Error(`introspectionMethod: endpoint takes ${ENDPOINT_URL}`);
  if (issuer !== undefined) check.text('issuer', issuer);
  const audience = typeof given === 'string' ? [given] : given;
  if (audience !== undefined) check.texts('audience', audience);
  if (audience?.length === 0) throw check.wrong('audience', audience, 'at least one text');
  check.whole('ttl', ttl, { least: 0, most: MAX_TTL, unit: 'ms' });
  check.whole('negativeTtl', negativeTtl, { least: 0, most: MAX_TTL, unit: 'ms' });
  check.whole('timeout', timeout, { least: 1, most: MAX_TIMEOUT, unit: 'ms' });
  const authenticate = clientAuthentication(client);
  check.text('client.id', client.id);
  if (client.auth === 'private_key_jwt' && issuer === undefined) {
    throw check.wrong('issuer', issuer, 'the issuer of the tokens, with private_key_jwt');
  }
  const expected = { issuer, audience, required: [], leeway: LEEWAY };
  return { endpoint, clientId: client.id, authenticate, issuer, expected, ttl, negativeTtl, timeout };
}
