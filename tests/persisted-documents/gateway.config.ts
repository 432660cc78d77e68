import { defineConfig } from '@graphql-hive/gateway';
import { useAccounts } from '../../plugins/account/index.ts';
import { useAuthentication } from '../../plugins/authentication/index.ts';
import { useCaching } from '../../plugins/caching/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useLimits } from '../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../plugins/operation/index.ts';
import { usePersistedDocuments } from '../../plugins/persisted-documents/index.ts';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../plugins/server/index.ts';
import { telemetryFromEnvironment, useTelemetry } from '../../plugins/telemetry/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// The gateway with options that a test chooses: DOCUMENTS is JSON.

const { env } = process;
const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env.REDIS_URL });
const supergraph = composeSubgraphs({ subgraphs, directory: env.GATEHOUSE_DIR, pollInterval: 0 });
const upstream = useUpstream();
const { automatic = false, ...documents } = JSON.parse(env.DOCUMENTS ?? '{}');

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  disableWebsockets: true,
  batching: { limit: 10 },
  plugins: ({ log }) => {
    const telemetry = useTelemetry({ ...telemetryFromEnvironment(env), redis, log });
    const authentication = useAuthentication({ methods: [], anonymous: 'allow' });
    const server = useServer({ authentication, frontDoor: true, log });
    return [
      useRedis(redis, log),
      useAdmin({
        ...adminFromEnvironment(env),
        status: { server: server.status },
        pages: { '/metrics': telemetry.page },
        log,
      }),
      useHealth({ supergraph, subgraphs, redis, upstream }),
      useAccounts(),
      telemetry,
      server,
      authentication,
      usePersistedDocuments({ ...documents, automatic: automatic && { ...automatic, store: redis }, log }),
      useOperationProfiles(),
      useLimits({ store: redis, operation: { depth: 3 } }),
      useComposition(supergraph),
      upstream,
      useCaching({ store: redis, defaultMaxAge: 600 }),
    ];
  },
});
