import { useAccounts } from '../../plugins/account/index.ts';
import { auditFromEnvironment, useAudit } from '../../plugins/audit/index.ts';
import { useAuthentication } from '../../plugins/authentication/index.ts';
import { useCaching } from '../../plugins/caching/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useLimits } from '../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../plugins/server/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';
import { webhookReceiver } from '../../plugins/webhooks/index.ts';
import { defineConfig } from '@graphql-hive/gateway';
import { EXACT } from './exact-policy.ts';

// What several processes have to agree on: a bucket without leases, a cache in two tiers, the supergraph. Nobody polls, so
// that each request for a schema is of a reload.

const { env } = process;
/** ms. The machine may be busy: what is late is not counted by Redis, and something else would be measured. */
const PATIENCE = 2_000;

const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env['REDIS_URL'], commandTimeoutMs: PATIENCE });
const webhooks = webhookReceiver({ secret: env['WEBHOOK_SECRET'] ?? '', redis });
const supergraph = composeSubgraphs({ subgraphs, redis, pollInterval: 0, directory: env['STATE_DIRECTORY'] });

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  gracefulSchemaReload: { drainTimeout: 30_000 },
  disableWebsockets: true,
  plugins: ({ log }) => {
    const authentication = useAuthentication({ methods: [], anonymous: 'allow', schemaIntrospection: 'allow', log });
    return [
      useRedis(redis, log),
      useAdmin({
        ...adminFromEnvironment(env),
        status: {},
        pages: { '/pid': () => ({ contentType: 'text/plain', body: String(process.pid) }) },
        log,
      }),
      useHealth({ supergraph, subgraphs, redis }),
      useAccounts(),
      useAudit({ ...auditFromEnvironment(env, log), addressOf: authentication.addressOf, log }),
      useServer({ authentication, frontDoor: true, log }),
      authentication,
      useOperationProfiles(),
      useLimits({ store: redis, policies: [EXACT], timeout: PATIENCE, log }),
      useComposition(supergraph, { webhooks }),
      useUpstream(),
      useCaching({ store: redis, webhooks, timeout: PATIENCE, log }),
    ];
  },
});
