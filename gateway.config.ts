import { defineConfig } from '@graphql-hive/gateway';
import { generateRequestId, useAccounts } from './plugins/account/index.ts';
import { auditFromEnvironment, useAudit } from './plugins/audit/index.ts';
import {
  apiKeysFromEnvironment,
  introspectionFromEnvironment,
  jwtFromEnvironment,
  useAuthentication,
} from './plugins/authentication/index.ts';
import { authzenFromEnvironment, opaFromEnvironment } from './plugins/authorization/engines/index.ts';
import { useAuthorization, type PolicyRoute } from './plugins/authorization/index.ts';
import { cachingFromEnvironment, useCaching } from './plugins/caching/index.ts';
import { useClientErrors } from './plugins/client-errors/index.ts';
import {
  composeSubgraphs,
  pollIntervalFromEnvironment,
  subgraphsFromEnvironment,
  useComposition,
} from './plugins/composition/index.ts';
import { crossOriginFromEnvironment, useCrossOrigin } from './plugins/cross-origin/index.ts';
import { planningEngine } from './plugins/execution/index.ts';
import { healthFromEnvironment, useHealth } from './plugins/health/index.ts';
import { persistedDocumentsFromEnvironment, usePersistedDocuments } from './plugins/persisted-documents/index.ts';
import { connectRedis, useRedis } from './plugins/redis/index.ts';
import { useLimits, type QuotaPolicy, type RatePolicy } from './plugins/limits/index.ts';
import { useOperationProfiles } from './plugins/operation/index.ts';
import { adminFromEnvironment, useAdmin, useLandingPage, useServer } from './plugins/server/index.ts';
import { useSubscriptions, webSocketUpstream } from './plugins/subscriptions/index.ts';
import { telemetryFromEnvironment, useTelemetry } from './plugins/telemetry/index.ts';
import { useUpstream } from './plugins/upstream/index.ts';
import { webhookReceiver } from './plugins/webhooks/index.ts';

const { env } = process;

// `GATEHOUSE_MODE=development`: everyone may know the schema, and gets pages to try it with.
const isDevelopment = env.GATEHOUSE_MODE === 'development';
const schemaAccess = isDevelopment ? 'allow' : 'authenticated';

// Whose pages may call: docs/cross-origin.md.
const crossOrigin = crossOriginFromEnvironment(env);
const { origins } = crossOrigin;

const subgraphs = subgraphsFromEnvironment(env) ?? [
  { name: 'accounts', url: 'http://127.0.0.1:4101/graphql' },
  { name: 'products', url: 'http://127.0.0.1:4102/graphql' },
  { name: 'inventory', url: 'http://127.0.0.1:4103/graphql' },
  { name: 'reviews', url: 'http://127.0.0.1:4104/graphql' },
];

const redis = connectRedis({ url: env.REDIS_URL });

// Without it, clients send the text of each operation: docs/persisted-documents.md.
const documents = persistedDocumentsFromEnvironment(env, redis);

const webhooks = env.WEBHOOK_SECRET ? webhookReceiver({ secret: env.WEBHOOK_SECRET, redis }) : undefined;

export const supergraph = composeSubgraphs({
  subgraphs,
  redis,
  directory: env.GATEHOUSE_DIR,
  pollInterval: pollIntervalFromEnvironment(env),
});

const policyEngine = opaFromEnvironment(env) ?? authzenFromEnvironment(env);

// Who decides on @policy; more than one, and rules of your own, by name: docs/authorization.md.
export const policies: readonly PolicyRoute[] = policyEngine ? [{ engine: policyEngine }] : [];

// How much each caller may ask for: docs/limits.md. Without policies and quotas, only the size of operations is limited.
export const limits: { readonly policies: readonly RatePolicy[]; readonly quotas: readonly QuotaPolicy[] } = {
  policies: [],
  quotas: [],
};

/** Names of the client's headers that subgraphs get to see; what is kept of their answers is kept for each value apart. */
const forwardHeaders: readonly string[] = [];

const upstream = useUpstream({
  forwardHeaders,
  principal: env.PRINCIPAL_SIGNING_KEY ? { signingKey: env.PRINCIPAL_SIGNING_KEY } : undefined,
});

export const gatewayConfig = defineConfig({
  supergraph,
  unifiedGraphHandler: planningEngine,
  // The planner puts what goes to one subgraph into one call already.
  __experimental__batchExecution: false,
  // A reload lets operations end on the schema they began with, for at most so many ms.
  gracefulSchemaReload: { drainTimeout: 30_000 },

  // Under this, the log and all that is told of an operation name it.
  requestId: { generateRequestId },

  // `useServer` serves them.
  disableWebsockets: true,

  // Never a stack for clients, whatever NODE_ENV says.
  maskedErrors: { isDev: false },

  // `useCrossOrigin` answers for all paths alike.
  cors: false,
  graphiql: isDevelopment,
  landingPage: false,

  // In the order in which a request meets them.
  plugins: ({ log }) => {
    // Names of operations are chosen by clients: turn them off where they may hold what nobody is to see.
    const openSockets = (): number => server.status().openSockets;
    const telemetry = useTelemetry({ ...telemetryFromEnvironment(env), operationNames: true, openSockets, redis, log });
    const authentication = useAuthentication({
      methods: [
        jwtFromEnvironment(env, log),
        apiKeysFromEnvironment(env, redis, log),
        introspectionFromEnvironment(env, log),
      ],
      anonymous: 'allow',
      schemaIntrospection: schemaAccess,
      log,
    });
    const audit = useAudit({
      ...auditFromEnvironment(env, log),
      addressOf: authentication.addressOf,
      clientNames: true,
      log,
    });
    const limiting = useLimits({ store: redis, ...limits, log });
    // Plugins of your own do not see what the front door answers; without it, they see every request.
    const server = useServer({
      authentication,
      frontDoor: true,
      origins: origins === 'any' || origins.length === 0 ? undefined : origins,
      log,
    });
    // Over which the subgraphs are subscribed to: docs/subscriptions.md.
    // `direct`: plugins of your own do not see the events; without it, they see each.
    const subscriptions = useSubscriptions({ upstream: webSocketUpstream({ path: '/graphql' }), direct: true, log });
    const caching = useCaching({ store: redis, vary: forwardHeaders, ...cachingFromEnvironment(env), webhooks, log });
    const authorization = useAuthorization({ policies, log });
    // What else makes the gateway `down` when it is: docs/health.md.
    const health = useHealth({
      supergraph,
      subgraphs,
      redis,
      upstream,
      authentication,
      authorization,
      audit,
      ...healthFromEnvironment(env),
      critical: ['supergraph'],
    });
    const admin = adminFromEnvironment(env);
    return [
      // What is first is closed last: others still write when they end.
      useRedis(redis, log),
      useAdmin({
        ...admin,
        status: {
          health: health.status,
          supergraph: supergraph.status,
          reloads: supergraph.reloads,
          redis: redis.status,
          upstream: upstream.status,
          limits: limiting.status,
          cache: caching.status,
          server: server.status,
          subscriptions: subscriptions.status,
          telemetry: telemetry.status,
          audit: audit.status,
        },
        pages: { '/metrics': telemetry.page, '/health': health.page },
        log,
      }),
      health,
      useAccounts(),
      telemetry,
      audit,
      server,
      authentication,
      ...(documents ? [usePersistedDocuments({ ...documents, log })] : []),
      useOperationProfiles(),
      limiting,
      authorization,
      useComposition(supergraph, { webhooks }),
      subscriptions,
      upstream,
      // Its calls are what the cache saves.
      caching,
      useClientErrors({ schemaNames: schemaAccess }),
      useCrossOrigin(crossOrigin),
      ...(isDevelopment ? [useLandingPage({ admin })] : []),
    ];
  },
});
