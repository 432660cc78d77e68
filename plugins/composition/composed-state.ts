import { createHash } from 'node:crypto';
import type { Logger } from '@graphql-hive/gateway';
import type { ComposedSupergraph } from './compose.ts';
import type { Composer } from './composer.ts';
import type { CompositionReport } from './composition-worker.ts';
import { conflictId, formatConflict, type Conflict } from './conflicts/index.ts';
import type { ResolvedOptions } from './options.ts';
import { reloadHistory, type Reload } from './reload-history.ts';
import type { SchemaChange } from './schema-changes.ts';
import type { Subgraph } from './subgraph.ts';

/** How many of the breaking changes of one reload the log lists; `npm run check:schema` shows all. */
const LOGGED_CHANGES = 20;

export interface Serving extends ComposedSupergraph {
  /** ISO 8601 */
  readonly composedAt: string;
  /** How long composing took, in the other thread, in ms. */
  readonly compositionMs: number;
}

/** The supergraph that is served, and what stands against the newest schemas taking its place. */
export interface ComposedState {
  serving(): Serving | undefined;
  conflicts(): readonly Conflict[];
  /** The last supergraphs that were served, the newest first. */
  reloads(): readonly Reload[];
  /**
   * Composes, unless these schemas were the last to be. What composes is served from then on; what does not is
   * reported in the log, once.
   */
  take(subgraphs: readonly Subgraph[]): Promise<'taken' | 'refused' | 'unchanged'>;
  /** Composes and serves, leaving the conflicts as they are: for schemas that are not the newest. */
  fallBack(subgraphs: readonly Subgraph[]): Promise<boolean>;
}

export function composedState(
  composer: Composer,
  onBreakingChange: ResolvedOptions['onBreakingChange'],
  log: Logger,
): ComposedState {
  let serving: Serving | undefined;
  let conflicts: readonly Conflict[] = [];
  let newest: string | undefined;
  const reloads = reloadHistory();

  async function compose(subgraphs: readonly Subgraph[]): Promise<CompositionReport> {
    try {
      return await composer.compose(subgraphs, serving?.publicSdl);
    } catch (error) {
      // The thread failed, not the schemas: the next refresh tries them again.
      newest = undefined;
      const { message } = error as Error;
      const hint = 'The log of the gateway says more; the schemas that were served before still are.';
      const failed: Conflict = { code: 'COMPOSITION_FAILED', message, subgraphs: [], coordinates: [], hint };
      return { composition: { composes: false, conflicts: [failed], hints: [] }, changes: [], duration: 0 };
    }
  }

  function report(found: readonly Conflict[]): void {
    const known = new Set(conflicts.map(conflictId));
    for (const conflict of found) {
      if (!known.has(conflictId(conflict))) log.error(`Composition conflict\n${formatConflict(conflict)}`);
    }
    if (found.length === 0 && conflicts.length > 0) log.info('The composition conflicts are resolved');
    conflicts = found;
  }

  function serve({ composition, changes, duration }: CompositionReport, subgraphs: readonly Subgraph[]): void {
    if (!composition.composes || composition.version === serving?.version) return;
    const { version, hints } = composition;
    const compositionMs = Math.round(duration);
    serving = { ...composition, composedAt: new Date().toISOString(), compositionMs };
    reloads.add(version, serving.composedAt, changes);
    log.info(
      { version, compositionMs, hints: hints.length },
      `Composed supergraph ${version} of ${subgraphs.length} subgraphs`,
    );
    const breaking = changes.filter(isBreaking).map((change) => change.message);
    if (breaking.length > 0) {
      log.warn(
        { breaking: breaking.slice(0, LOGGED_CHANGES) },
        `Supergraph ${version} breaks clients of the one before in ${breaking.length} ways`,
      );
    }
  }

  return {
    serving: () => serving,
    conflicts: () => conflicts,
    reloads: reloads.list,
    async take(subgraphs) {
      const fingerprint = fingerprintOf(subgraphs);
      if (fingerprint === newest) return 'unchanged';
      newest = fingerprint;
      const composed = await compose(subgraphs);
      const { composition, changes } = composed;
      const refused = onBreakingChange === 'reject' ? changes.filter(isBreaking).map(breakingConflict) : [];
      report(composition.composes ? refused : composition.conflicts);
      if (conflicts.length > 0) return 'refused';
      serve(composed, subgraphs);
      return 'taken';
    },
    async fallBack(subgraphs) {
      const composed = await compose(subgraphs);
      serve(composed, subgraphs);
      return composed.composition.composes;
    },
  };
}

function isBreaking(change: SchemaChange): boolean {
  return change.level === 'breaking';
}

function breakingConflict(change: SchemaChange): Conflict {
  return {
    code: 'BREAKING_CHANGE',
    message: change.message,
    subgraphs: [],
    coordinates: change.coordinate ? [change.coordinate] : [],
    hint: 'Take the change back, deprecate before you remove, or allow it: onBreakingChange: "accept".',
  };
}

function fingerprintOf(subgraphs: readonly Subgraph[]): string {
  const hash = createHash('sha256');
  for (const { name, schema } of subgraphs) hash.update(JSON.stringify([name, schema.kind, schema.text]));
  return hash.digest('base64');
}
