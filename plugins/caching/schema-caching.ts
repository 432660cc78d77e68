import { hash } from 'node:crypto';
import { print, type GraphQLSchema } from 'graphql';
import { definitionsOf, graphNames, subgraphDefinitions, transformedGraphs } from '../supergraph/index.ts';
import { supergraphOf, supergraphVersion } from '../supergraph/public-schema.ts';
import { entityKeys, type EntityKeys } from './tags/entity-keys.ts';
import { responseTags, type ResponseTags } from './tags/response-tags.ts';

/** What of a schema the cache needs. */
export interface SchemaCaching {
  /** Of the supergraph; the same in all processes that have the same. */
  readonly version: string;
  /** With the types and fields that clients do not see. */
  readonly supergraph: GraphQLSchema;
  readonly keysOf: EntityKeys;
  readonly tags: ResponseTags;
  /**
   * Of the part of a subgraph, so that others may change without it. Undefined for one whose operations are in names of
   * its own, which nothing here knows.
   */
  subgraphVersion(subgraph: string): string | undefined;
}

const bySchema = new WeakMap<GraphQLSchema, SchemaCaching>();

/** Found out once for each schema. */
export function schemaCaching(schema: GraphQLSchema): SchemaCaching {
  const known = bySchema.get(schema) ?? prepare(schema);
  bySchema.set(schema, known);
  return known;
}

function prepare(schema: GraphQLSchema): SchemaCaching {
  const supergraph = supergraphOf(schema);
  const keysOf = entityKeys(schema);
  const versions = new Map<string, string | undefined>();
  let graphs: ReadonlyMap<string, string> | undefined;

  /** The graphs of subgraphs whose operations can be read, by the subgraph's name and by their own. */
  function readableGraphs(): ReadonlyMap<string, string> {
    const definitions = definitionsOf(supergraph);
    const transformed = transformedGraphs(definitions);
    const readable = [...graphNames(definitions)].filter(([graph]) => !transformed.has(graph));
    return new Map(readable.flatMap(([graph, name]) => [[name, graph] as const, [graph, graph] as const]));
  }

  function versionOf(subgraph: string): string | undefined {
    graphs ??= readableGraphs();
    const graph = graphs.get(subgraph);
    if (graph === undefined) return undefined;
    return hash('sha256', print(subgraphDefinitions(definitionsOf(supergraph), graph)), 'base64url');
  }

  return {
    version: supergraphVersion(schema),
    supergraph,
    keysOf,
    tags: responseTags(supergraph, keysOf),
    subgraphVersion(subgraph) {
      if (!versions.has(subgraph)) versions.set(subgraph, versionOf(subgraph));
      return versions.get(subgraph);
    },
  };
}
