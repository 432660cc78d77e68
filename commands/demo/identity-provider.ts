import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { DemoUser } from './users.ts';

/** The claim `aud` of the tokens. */
export const DEMO_AUDIENCE = 'gatehouse-demo';
/** The claim `client_id`. */
const DEMO_CLIENT = 'gatehouse-demo-client';

const ALGORITHM = 'ES256';
const KEY_ID = 'demo';

/** Stands in for an identity provider; it is gone, and its key with it, when the demo ends. */
export interface DemoIdentityProvider {
  /** The claim `iss`, and its address: `http://127.0.0.1:PORT`. */
  readonly issuer: string;
  /** Where its JWK set is (RFC 7517, section 5). */
  readonly jwksUri: string;
  /** An access token (RFC 9068) for a user, good for 8 hours. */
  readonly signs: (user: DemoUser) => Promise<string>;
  readonly close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1, on any free port, and answers `/jwks` and `/.well-known/openid-configuration`: of OpenID Connect
 * Discovery 1.0, section 3, what concerns one who verifies tokens. Nobody can sign in there.
 */
export async function startIdentityProvider(): Promise<DemoIdentityProvider> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const jwk = { ...(await exportJWK(publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' };

  const documents = new Map<string, object>();
  const server = createServer(({ url = '' }, response) => {
    const document = documents.get(url);
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(document && JSON.stringify(document));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jwksUri = `${issuer}/jwks`;
  documents.set('/.well-known/openid-configuration', { issuer, jwks_uri: jwksUri });
  documents.set('/jwks', { keys: [jwk] });

  return {
    issuer,
    jwksUri,
    signs: ({ id, scopes, roles, tier }) =>
      new SignJWT({ client_id: DEMO_CLIENT, scope: scopes.join(' '), roles, tier })
        .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: 'at+jwt' })
        .setIssuer(issuer)
        .setAudience(DEMO_AUDIENCE)
        .setSubject(id)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime('8h')
        .sign(privateKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
