import { compose, type Composition } from './compose.ts';
import { lastGoodStore } from './last-good.ts';
import type { ResolvedOptions } from './options.ts';
import { collectSchemas, toSubgraphs } from './schema-collection.ts';
import type { SchemaText } from './subgraph.ts';

export type CompositionOnce =
  | { readonly collected: true; readonly composition: Composition }
  /** Why each subgraph without a schema has none. */
  | { readonly collected: false; readonly unavailable: Readonly<Record<string, string>> };

/** Collects the schemas of the running subgraphs and composes them, in this thread: for commands. */
export async function composeOnce(options: ResolvedOptions): Promise<CompositionOnce> {
  const collection = collectOnce(options);
  await collection.collect('all');
  return composeSchemas(options, collection.schemas(), collection.failures());
}

export interface Replacement {
  /** As the subgraphs are. */
  readonly before: CompositionOnce;
  /** As they would be with the schemas given. */
  readonly after: CompositionOnce;
}

/**
 * Composes the running subgraphs as they are, and with some schemas replaced. A subgraph that is down is taken as the
 * gateway last knew it; `onFailure` is told when that cannot be read.
 */
export async function composeReplaced(
  options: ResolvedOptions,
  replaced: Readonly<Record<string, SchemaText>>,
  onFailure: (what: string) => void,
): Promise<Replacement> {
  const collection = collectOnce(options);
  await collection.collect('all');
  const kept = await lastGoodStore({ ...options, redis: undefined }, onFailure).load();
  collection.fillIn(kept?.schemas ?? {});
  const schemas = collection.schemas();
  return {
    before: composeSchemas(options, schemas, collection.failures()),
    after: composeSchemas(options, new Map([...schemas, ...Object.entries(replaced)]), collection.failures()),
  };
}

function collectOnce(options: ResolvedOptions) {
  const nobodyListens = () => {};
  return collectSchemas(options.subgraphs, options, nobodyListens, nobodyListens);
}

function composeSchemas(
  options: ResolvedOptions,
  schemas: ReadonlyMap<string, SchemaText>,
  unavailable: Readonly<Record<string, string>>,
): CompositionOnce {
  const subgraphs = toSubgraphs(options.subgraphs, schemas);
  return subgraphs ? { collected: true, composition: compose(subgraphs) } : { collected: false, unavailable };
}
