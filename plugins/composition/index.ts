import type { GatewayConfigContext, GatewayPlugin } from '@graphql-hive/gateway';
import { againAfterReload } from './again-after-reload.ts';
import { startSupergraph, type LiveSupergraph, type SupergraphStatus } from './live-supergraph.ts';
import type { Reload } from './reload-history.ts';
import { resolveOptions, type CompositionOptions, type ResolvedOptions } from './options.ts';
import { answerSchemaWebhook, type WebhookReceiver } from './schema-webhook.ts';
import { waitingAnswer } from './waiting.ts';

export { pollIntervalFromEnvironment, subgraphsFromEnvironment } from './environment.ts';
export type { SupergraphStatus } from './live-supergraph.ts';
export type { CompositionOptions } from './options.ts';
export type { SchemaSource, SubgraphOptions, SubgraphTransform } from './subgraph.ts';

const SCHEMA_WEBHOOK = '/webhooks/schema';

/** For the config's `supergraph`: called by the gateway at its start and whenever it is asked to reload. */
export interface SupergraphSource {
  (context: Pick<GatewayConfigContext, 'log'>): Promise<string>;
  readonly options: ResolvedOptions;
  status(): SupergraphStatus;
  /** The last supergraphs that took the place of another, the newest first, with what they changed for clients. */
  reloads(): readonly Reload[];
  /** Undefined until the gateway has called the source. */
  live(): LiveSupergraph | undefined;
}

/**
 * A supergraph composed of the running subgraphs, and composed again when one of them changes.
 *
 * Nothing happens before the gateway asks for it, so a config may be imported without being run.
 * Throws an `Error` that names the option when one is wrong.
 *
 * ```ts
 * const supergraph = composeSubgraphs({
 *   subgraphs: [{ name: 'reviews', url: 'http://reviews:4001/graphql' }],
 * });
 * export const gatewayConfig = defineConfig({ supergraph, plugins: () => [useComposition(supergraph)] });
 * ```
 */
export function composeSubgraphs(options: CompositionOptions): SupergraphSource {
  const resolved = resolveOptions(options);
  let starting: Promise<LiveSupergraph> | undefined;
  let live: LiveSupergraph | undefined;

  async function source({ log }: Pick<GatewayConfigContext, 'log'>): Promise<string> {
    starting ??= startSupergraph(resolved, log.child('[composition] '));
    live = await starting;
    return live.current();
  }

  return Object.assign(source, {
    options: resolved,
    live: () => live,
    status: () => live?.status() ?? NOT_STARTED,
    reloads: () => live?.reloads() ?? [],
  });
}

const NOT_STARTED: SupergraphStatus = {
  status: 'waiting',
  version: null,
  composedAt: null,
  compositionMs: null,
  conflicts: [],
  hints: [],
  unavailable: {},
};

export interface CompositionPluginOptions {
  /** Receives `POST /webhooks/schema`; without it that path is not served. */
  readonly webhooks?: WebhookReceiver | undefined;
}

/**
 * What a live supergraph needs of the gateway: to hear of reloads and webhooks, to answer while there is none, and to execute
 * again what a reload has aborted.
 */
export function useComposition(supergraph: SupergraphSource, options: CompositionPluginOptions = {}): GatewayPlugin {
  const { webhooks } = options;
  const again = againAfterReload();
  return {
    ...again,
    onRequest({ url, request, endResponse, serverContext }) {
      if (!webhooks || url.pathname !== SCHEMA_WEBHOOK) return undefined;
      return answerSchemaWebhook(request, webhooks, supergraph, serverContext.log).then(endResponse);
    },
    onParams(payload) {
      if (supergraph.status().status === 'waiting') payload.setResult(waitingAnswer());
      again.onParams(payload);
    },
    onSchemaChange() {
      supergraph.live()?.engineMoved();
    },
    async onDispose() {
      await supergraph.live()?.close();
    },
  };
}
