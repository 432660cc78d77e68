import { generateKeyPairSync } from 'node:crypto';
import { createGatewayRuntime, type GatewayPlugin } from '@graphql-hive/gateway';
import { useAuthorization, type PolicyRoute } from '../../../plugins/authorization/index.ts';
import { useCaching, type CachingOptions, type CachingPlugin } from '../../../plugins/caching/index.ts';
import { planningEngine } from '../../../plugins/execution/index.ts';
import { useOperationProfiles } from '../../../plugins/operation/index.ts';
import type { Principal } from '../../../plugins/request-context.ts';
import { useUpstream } from '../../../plugins/upstream/index.ts';
import type { Asked } from './callers.ts';
import type { GuardedSubgraphs } from './guarded-subgraphs.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty with status 304. */
  readonly text: string;
}

export interface GuardedGateway extends AsyncDisposable {
  /** Undefined for a gateway without a cache. */
  readonly caching: CachingPlugin | undefined;
  ask(asked: Asked, principal: Principal, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

const signingKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const TENANT = 'x-tenant';
const PATIENT_MS = 5_000;

/** A gateway in this process, in front of subgraphs in this process. */
export function guardedGateway(
  { supergraphSdl, fetch }: GuardedSubgraphs,
  policies: readonly PolicyRoute[],
  cache?: Pick<CachingOptions, 'store' | 'responses'>,
): GuardedGateway {
  const inProcess: GatewayPlugin = { onFetch: ({ setFetchFn }) => setFetchFn(fetch as never) };
  const caching =
    cache &&
    useCaching({
      ...cache,
      vary: [TENANT],
      defaultMaxAge: 300,
      nullMaxAge: 300,
      // What is stale is valid still.
      staleWhileRevalidate: 300,
      hints: { 'Query.open': { maxAge: 0.02 }, Room: { maxAge: 0.05 }, 'User.power': { maxAge: 2 } },
      timeout: PATIENT_MS,
    });
  const runtime = createGatewayRuntime({
    supergraph: supergraphSdl,
    unifiedGraphHandler: planningEngine,
    logging: false,
    __experimental__batchExecution: false,
    plugins: () => [
      useOperationProfiles(),
      useAuthorization({ policies, hideUnauthorized: true }),
      useUpstream({ forwardHeaders: [TENANT], principal: { signingKey, claims: ['dept'] } }),
      ...(caching ? [caching] : []),
      inProcess,
    ],
  });
  return {
    caching,
    async ask(asked, principal, headers = {}) {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(asked),
      };
      const response = await runtime.fetch('http://gateway/graphql', init, { principal } as never);
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    [Symbol.asyncDispose]: async () => runtime[Symbol.asyncDispose](),
  };
}
