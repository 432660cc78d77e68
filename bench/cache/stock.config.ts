import { createRemoteJwksSigningKeyProvider, defineConfig } from '@graphql-hive/gateway';

const { SUPERGRAPH_FILE = '', CACHE, JWKS_URI = '', JWT_ISSUER = '', JWT_AUDIENCE = '' } = process.env;

/** The stock gateway with its own JWT verification, and with its own cache or without. */
export const gatewayConfig = defineConfig({
  supergraph: SUPERGRAPH_FILE,
  jwt: {
    signingKeyProviders: [createRemoteJwksSigningKeyProvider({ jwksUri: JWKS_URI })],
    tokenVerification: { issuer: JWT_ISSUER, audience: JWT_AUDIENCE, algorithms: ['RS256'] },
  },
  ...(CACHE === 'on' && { responseCaching: { session: () => null, ttl: 600_000 } }),
});
