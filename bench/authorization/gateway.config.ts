import { defineConfig, type GatewayPlugin } from '@graphql-hive/gateway';
import { LRUCache } from 'lru-cache';
import { useAuthorization } from '../../plugins/authorization/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';
import { ROUTES } from './policies.ts';
import { principalWith } from './principal.ts';

// With authorization, or without it and otherwise the same.

const { env } = process;

const subgraphs = subgraphsFromEnvironment(env) ?? [];
const supergraph = composeSubgraphs({ subgraphs, pollInterval: 0, directory: env.STATE_DIRECTORY });

/** Believes whoever calls, and remembers as authentication does. */
function usePrincipal(): GatewayPlugin {
  const known = new LRUCache<string, ReturnType<typeof principalWith>>({ max: 100 });
  return {
    onRequestParse({ request, serverContext }) {
      const scopes = request.headers.get('x-scopes') ?? '';
      const principal = known.get(scopes) ?? principalWith(scopes.split(' '));
      known.set(scopes, principal);
      Object.assign(serverContext as object, { principal });
    },
  };
}

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  plugins: ({ log }) => [
    useHealth({ supergraph, subgraphs }),
    usePrincipal(),
    ...(env.AUTHORIZATION === 'on' ? [useAuthorization({ policies: ROUTES, log })] : []),
    useComposition(supergraph),
    useUpstream(),
  ],
});
