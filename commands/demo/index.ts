import { randomBytes } from 'node:crypto';
import { createApiKey } from './api-key.ts';
import { DEMO_AUDIENCE, startIdentityProvider } from './identity-provider.ts';
import { principalKeys } from './principal-keys.ts';
import { apiKeyUser, jwtUser } from './users.ts';

/** Apart from the state of a gateway that `npm run gateway` runs. */
const DEFAULT_DIRECTORY = '.gatehouse/demo';

/** Where the subgraphs say what has changed. */
const CACHE_WEBHOOK_PATH = '/webhooks/cache';

/** What `npm start` has beside the subgraphs and the gateway: somebody to call them, and secrets of its own. */
export interface Demo {
  /** What each is to be run with. */
  readonly environment: { readonly gateway: NodeJS.ProcessEnv; readonly subgraphs: NodeJS.ProcessEnv };
  readonly credentials: DemoCredentials;
  /** Ends the identity provider. */
  readonly close: () => Promise<void>;
}

export interface DemoCredentials {
  /** Of `jwtUser`; undefined when an identity provider is configured already, which this one does not stand in for. */
  readonly jwt: string | undefined;
  /** Of `apiKeyUser`. */
  readonly apiKey: string;
}

/**
 * Starts an identity provider and gives two users a credential each. Keys, secrets and an identity provider that the
 * environment has already are used instead of fresh ones.
 *
 * @throws Error that names a variable of the environment which is wrong, or says why the API key could not be stored
 */
export async function startDemo(env: NodeJS.ProcessEnv, now: Date): Promise<Demo> {
  const { signingKey, publicKey } = principalKeys(env.PRINCIPAL_SIGNING_KEY);
  const address = `http://${env.HOST || '127.0.0.1'}:${env.PORT || '4000'}`;
  const shared = {
    ...env,
    WEBHOOK_SECRET: env.WEBHOOK_SECRET || randomBytes(32).toString('base64'),
    CACHE_WEBHOOK_URL: env.CACHE_WEBHOOK_URL || `${address}${CACHE_WEBHOOK_PATH}`,
  };
  const gateway = {
    ...shared,
    GATEHOUSE_MODE: env.GATEHOUSE_MODE || 'development',
    GATEHOUSE_DIR: env.GATEHOUSE_DIR || DEFAULT_DIRECTORY,
    API_KEY_SECRET: env.API_KEY_SECRET || randomBytes(32).toString('base64'),
    PRINCIPAL_SIGNING_KEY: signingKey,
  };
  const apiKey = await createApiKey(apiKeyUser, gateway, now);
  const identity = env.JWKS_URI || env.JWT_ISSUER ? undefined : await startIdentityProvider();
  return {
    environment: {
      gateway: {
        ...gateway,
        ...(identity && { JWKS_URI: identity.jwksUri, JWT_ISSUER: identity.issuer, JWT_AUDIENCE: DEMO_AUDIENCE }),
      },
      // Only the gateway may sign.
      subgraphs: { ...shared, PRINCIPAL_SIGNING_KEY: undefined, GATEHOUSE_PUBLIC_KEY: publicKey },
    },
    credentials: { jwt: await identity?.signs(jwtUser), apiKey },
    close: async () => identity?.close(),
  };
}
