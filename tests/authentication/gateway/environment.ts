import { JWT_RESOURCE, type IdentityProvider } from '../../harness/identity-provider.ts';

/** What tells a gateway of a provider, for JWTs and for opaque tokens. */
export function providerEnvironment({ issuer, jwksUri, introspectionEndpoint, client }: IdentityProvider) {
  return {
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: JWT_RESOURCE,
    JWKS_URI: jwksUri,
    INTROSPECTION_ENDPOINT: introspectionEndpoint,
    INTROSPECTION_CLIENT_ID: client.id,
    INTROSPECTION_CLIENT_SECRET: client.secret,
  };
}
