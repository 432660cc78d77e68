import type { Logger } from '@graphql-hive/gateway';
import { composedState, type Serving } from './composed-state.ts';
import { createComposer } from './composer.ts';
import type { Conflict } from './conflicts/index.ts';
import { createEngineReload } from './engine-reload.ts';
import type { Hint } from './hints.ts';
import { lastGoodStore } from './last-good.ts';
import { compositionMetrics } from './metrics.ts';
import type { ResolvedOptions } from './options.ts';
import type { Reload } from './reload-history.ts';
import { refreshQueue, type RefreshScope } from './refresh-queue.ts';
import { startTriggers } from './refresh-triggers.ts';
import { collectSchemas, toSubgraphs } from './schema-collection.ts';
import { waitingSupergraph } from './waiting.ts';

/** How long a gateway without any supergraph waits before it asks again, in ms. */
const WAITING_INTERVAL = 1_000;

/** What the gateway serves, for `/health`. */
export interface SupergraphStatus {
  /**
   * `conflict`: an older supergraph, since the newest schemas do not compose. `stale`: from schemas that an earlier run
   * kept, since a subgraph has not answered in this one. `waiting`: none yet.
   */
  readonly status: 'ok' | 'conflict' | 'stale' | 'waiting';
  readonly version: string | null;
  /** ISO 8601 */
  readonly composedAt: string | null;
  /** How long composing took, in ms. */
  readonly compositionMs: number | null;
  readonly conflicts: readonly Conflict[];
  readonly hints: readonly Hint[];
  /** Why a subgraph's schema could not be had when it was last asked for, by subgraph. */
  readonly unavailable: Readonly<Record<string, string>>;
}

export interface LiveSupergraph {
  /** The newest supergraph that composes; before the first, a placeholder (`status` is then `waiting`). */
  current(): string;
  status(): SupergraphStatus;
  /** The last supergraphs that were composed and taken, the newest first. */
  reloads(): readonly Reload[];
  /** Asks one subgraph, or all, for the schema now. Resolves when what came of it is served or refused; never rejects. */
  refresh(subgraph?: string): Promise<void>;
  /** To be called when the engine has moved to what `current` gave it. */
  engineMoved(): void;
  close(): Promise<void>;
}

/** Collects the schemas, composes them, and keeps both fresh until closed. Resolves when there is something to serve. */
export async function startSupergraph(options: ResolvedOptions, log: Logger): Promise<LiveSupergraph> {
  const composer = createComposer();
  const state = composedState(composer, options.onBreakingChange, log);
  const measured = compositionMetrics(state);
  const engine = createEngineReload(log);
  const lastGood = lastGoodStore(options, (what, err) => log.warn({ err }, what));
  const collection = collectSchemas(
    options.subgraphs,
    options,
    (err) => log.warn({ err }, `No schema from "${err.subgraph}": ${err.message}`),
    (name) => log.info(`"${name}" gives its schema again`),
  );
  let closed = false;

  async function compose(): Promise<void> {
    const subgraphs = toSubgraphs(options.subgraphs, collection.schemas());
    if (!subgraphs) return;
    const result = await state.take(subgraphs);
    measured.ran(result);
    if (result === 'taken') void lastGood.save(collection.schemas());
  }

  /** For a gateway that starts while subgraphs are down, or in conflict. */
  async function fallBack(): Promise<void> {
    const kept = await lastGood.load();
    if (!kept) return;
    collection.fillIn(kept.schemas);
    await compose();
    const subgraphs = toSubgraphs(options.subgraphs, new Map(Object.entries(kept.schemas)));
    if (!state.serving() && subgraphs) await state.fallBack(subgraphs);
    if (state.serving()) log.warn(`Starting from the last good schemas, kept at ${kept.savedAt}`);
  }

  async function update(scope: RefreshScope): Promise<void> {
    const before = state.serving()?.version;
    await collection.collect(scope);
    await compose();
    const now = state.serving()?.version;
    if (closed || !now || now === before) return;
    await engine.reload();
    log.info(`Serving supergraph ${now}`);
    await triggers.announce(now);
  }

  async function updateOrLog(scope: RefreshScope): Promise<void> {
    try {
      await update(scope);
    } catch (err) {
      log.error({ err }, 'A refresh of the supergraph failed; the gateway goes on with the one it has');
    }
  }

  await collection.collect('all');
  await compose();
  if (!state.serving()) await fallBack();
  if (!state.serving()) {
    const missing = collection.missing().join(', ');
    log.warn(`Waiting${missing && ` for the schemas of ${missing}`}: asking again every ${WAITING_INTERVAL} ms`);
  }

  /** What the engine was given last, and what it has moved to: it takes a moment between the two. */
  let given: Serving | undefined;
  let movedTo: { readonly supergraph: Serving | undefined } | undefined;

  const refresh = refreshQueue(updateOrLog);
  const triggers = await startTriggers(
    {
      subgraphs: options.subgraphs,
      redis: options.redis,
      interval: () => (state.serving() ? options.pollInterval : WAITING_INTERVAL),
      version: () => state.serving()?.version,
    },
    refresh,
    log,
  );

  return {
    current() {
      given = state.serving();
      return given?.supergraphSdl ?? waitingSupergraph();
    },
    status() {
      const serving = movedTo ? movedTo.supergraph : given;
      const conflicts = state.conflicts();
      const stale = collection.filledIn().length > 0;
      return {
        status: !serving ? 'waiting' : conflicts.length > 0 ? 'conflict' : stale ? 'stale' : 'ok',
        version: serving?.version ?? null,
        composedAt: serving?.composedAt ?? null,
        compositionMs: serving?.compositionMs ?? null,
        conflicts,
        hints: serving?.hints ?? [],
        unavailable: collection.failures(),
      };
    },
    reloads: state.reloads,
    refresh,
    engineMoved() {
      movedTo = { supergraph: given };
      engine.moved();
    },
    async close() {
      closed = true;
      triggers.stop();
      engine.moved();
      measured.close();
      await composer.close();
    },
  };
}
