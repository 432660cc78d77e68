import { fetchSchema, SchemaUnavailable, type FetchLimits } from './fetch-schema.ts';
import type { RefreshScope } from './refresh-queue.ts';
import type { SchemaText, Subgraph, SubgraphOptions } from './subgraph.ts';

/** The schemas of all subgraphs, each the newest that could be had. */
export interface SchemaCollection {
  /** Asks subgraphs for their schema, in parallel. One that fails keeps the schema it had. */
  collect(scope: RefreshScope): Promise<void>;
  /** Fills in schemas that were kept from an earlier run, for subgraphs that have not answered in this one. */
  fillIn(kept: Readonly<Record<string, SchemaText>>): void;
  schemas(): ReadonlyMap<string, SchemaText>;
  /** Subgraphs that have neither answered nor been filled in. */
  missing(): readonly string[];
  /** Subgraphs whose schema was filled in: nobody knows whether it still holds. */
  filledIn(): readonly string[];
  /** Why the last request of each failing subgraph failed, without addresses. */
  failures(): Readonly<Record<string, string>>;
}

/** `onFailure` hears of a subgraph that begins to fail or fails for another reason, `onRecovery` of one that answers again. */
export function collectSchemas(
  options: readonly SubgraphOptions[],
  limits: FetchLimits,
  onFailure: (error: SchemaUnavailable) => void,
  onRecovery: (subgraph: string) => void,
): SchemaCollection {
  const schemas = new Map<string, SchemaText>();
  const filledIn = new Set<string>();
  const failures = new Map<string, string>();

  async function collectOne(subgraph: SubgraphOptions): Promise<void> {
    const { name } = subgraph;
    try {
      schemas.set(name, await fetchSchema(subgraph, limits));
      filledIn.delete(name);
      if (failures.delete(name)) onRecovery(name);
    } catch (error) {
      if (!(error instanceof SchemaUnavailable)) throw error;
      if (failures.get(name) !== error.message) onFailure(error);
      failures.set(name, error.message);
    }
  }

  return {
    async collect(scope) {
      await Promise.all(options.filter(({ name }) => scope === 'all' || scope.has(name)).map(collectOne));
    },
    fillIn(kept) {
      for (const { name } of options) {
        const schema = kept[name];
        if (!schema || schemas.has(name)) continue;
        schemas.set(name, schema);
        filledIn.add(name);
      }
    },
    schemas: () => schemas,
    missing: () => options.filter(({ name }) => !schemas.has(name)).map(({ name }) => name),
    filledIn: () => [...filledIn],
    failures: () => Object.fromEntries(failures),
  };
}

/** The subgraphs with the schemas given; undefined when one of them has none. */
export function toSubgraphs(
  options: readonly SubgraphOptions[],
  schemas: ReadonlyMap<string, SchemaText>,
): readonly Subgraph[] | undefined {
  const subgraphs: Subgraph[] = [];
  for (const { name, url, schema: source } of options) {
    const schema = schemas.get(name);
    if (!schema) return undefined;
    const transforms = source?.from === 'introspection' ? source.transforms : undefined;
    subgraphs.push({ name, url, schema, ...(transforms && { transforms }) });
  }
  return subgraphs;
}
