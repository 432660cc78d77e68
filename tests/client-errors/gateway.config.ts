import { defineConfig } from '@graphql-hive/gateway';
import { jwtFromEnvironment, useAuthentication } from '../../plugins/authentication/index.ts';
import { useClientErrors } from '../../plugins/client-errors/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useServer } from '../../plugins/server/index.ts';
import { serverSentEventsUpstream, useSubscriptions } from '../../plugins/subscriptions/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// Who may know the schema is what is left out in both places: the default.

const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const supergraph = composeSubgraphs({ subgraphs, directory: env.GATEHOUSE_DIR, pollInterval: 0 });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  disableWebsockets: true,
  plugins: ({ log }) => {
    const authentication = useAuthentication({ methods: [jwtFromEnvironment(env, log)], anonymous: 'allow', log });
    return [
      useHealth({ supergraph, subgraphs }),
      useServer({ authentication, log }),
      authentication,
      useComposition(supergraph),
      useSubscriptions({ upstream: serverSentEventsUpstream(), direct: true, log }),
      useUpstream(),
      useClientErrors(),
    ];
  },
});
