import { DEMO_AUDIENCE, startIdentityProvider } from '../../commands/demo/identity-provider.ts';
import { jwtUser } from '../../commands/demo/users.ts';
import { startDemoSubgraphs } from '../../subgraphs/index.ts';
import { startGateway } from '../harness/gateway.ts';

/** The demo behind the repository's own configuration, and somebody who may sign in. */
export interface DemoGateway extends AsyncDisposable {
  /** Of GraphQL. */
  readonly endpoint: string;
  /** Of user 1, who may read addresses. */
  readonly token: string;
}

export async function startDemoGateway(): Promise<DemoGateway> {
  const [demo, identity] = await Promise.all([startDemoSubgraphs({ ports: 'free' }), startIdentityProvider()]);
  const gateway = await startGateway({
    subgraphs: demo.subgraphs,
    env: {
      JWT_ISSUER: identity.issuer,
      JWT_AUDIENCE: DEMO_AUDIENCE,
      JWKS_URI: identity.jwksUri,
      AUTOMATIC_PERSISTED_QUERIES: 'on',
    },
  });
  return {
    endpoint: `${gateway.url}/graphql`,
    token: await identity.signs(jwtUser),
    async [Symbol.asyncDispose]() {
      await Promise.all([gateway[Symbol.asyncDispose](), demo.close(), identity.close()]);
    },
  };
}

/** What `fetch` was asked for while `act` ran, and the headers of the answers. */
export async function watchingFetch(act: () => Promise<unknown>): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = [];
  const original = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const response = await original(input, init);
    exchanges.push({ method: init?.method ?? 'GET', headers: response.headers, status: response.status });
    return response;
  };
  try {
    await act();
  } finally {
    globalThis.fetch = original;
  }
  return exchanges;
}

export interface Exchange {
  readonly method: string;
  readonly status: number;
  readonly headers: Headers;
}
