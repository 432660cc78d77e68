import { askEndpoint, EndpointFailed, ENDPOINT_URL, endpointUrl } from '../issuer-endpoint.ts';

const LIMITS = { maxBytes: 256 * 1024, timeout: 3_000 };
const ACCEPT = { accept: 'application/json, application/jwk-set+json' };

/** Gives a JWK set (RFC 7517, section 5) as text. Rejects with `EndpointFailed`; the signal ends it early. */
export type FetchKeySet = (signal: AbortSignal) => Promise<string>;

export function keySetAt(uri: string): FetchKeySet {
  return (signal) => get(uri, signal);
}

/**
 * The set that an issuer's metadata points to (OpenID Connect Discovery 1.0, section 4). They are read each time, so a
 * set that moved is found; metadata that speak for another issuer are refused.
 */
export function keySetOf(issuer: string): FetchKeySet {
  return async (signal) => {
    const metadata = parse(await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal));
    if (metadata?.issuer !== issuer) throw new EndpointFailed('gave the metadata of another issuer');
    if (endpointUrl(metadata.jwks_uri) === undefined)
      throw new EndpointFailed(`gave a jwks_uri that is not ${ENDPOINT_URL}`);
    return get(String(metadata.jwks_uri), signal);
  };
}

async function get(url: string, signal: AbortSignal): Promise<string> {
  const { status, body } = await askEndpoint(url, { headers: ACCEPT }, LIMITS, signal);
  if (status !== 200) throw new EndpointFailed(`answered with status ${status}`);
  return body;
}

function parse(body: string): { issuer?: unknown; jwks_uri?: unknown } | null {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new EndpointFailed('gave metadata that are not JSON', { cause });
  }
}
