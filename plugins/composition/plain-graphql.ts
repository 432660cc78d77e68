import {
  createFilterTransform,
  createPrefixTransform,
  createRenameTransform,
  getAnnotatedSubgraphs,
  type SubgraphTransform as SchemaTransform,
} from '@graphql-mesh/fusion-composition';
import { buildClientSchema, type DocumentNode, type IntrospectionQuery } from 'graphql';
import type { SubgraphTransform } from './subgraph.ts';

export interface PlainSubgraph {
  readonly name: string;
  readonly url: string;
  /** The JSON of an introspection's `data`. */
  readonly introspection: string;
  readonly transforms?: readonly SubgraphTransform[];
}

/**
 * A plain GraphQL service as federation SDL: its types shareable, what the transforms renamed marked with `@source`,
 * which the engine reads to translate operations. Throws when the introspection or a transform makes no sense.
 */
export function federatePlainSubgraph(subgraph: PlainSubgraph): DocumentNode {
  const { name, url, transforms = [] } = subgraph;
  const schema = buildClientSchema(JSON.parse(subgraph.introspection) as IntrospectionQuery);
  const [annotated] = getAnnotatedSubgraphs(
    [{ name, url, schema, transforms: transforms.map(toSchemaTransform) }],
    // Guessing entities from field names ("userById") would make a subgraph's names change what clients may ask.
    { ignoreSemanticConventions: true },
  );
  if (!annotated) throw new Error(`the schema of "${name}" could not be annotated`);
  return annotated.typeDefs;
}

function toSchemaTransform(transform: SubgraphTransform): SchemaTransform {
  if ('prefix' in transform) {
    const { value, includeRootOperations = false } = transform.prefix;
    return createPrefixTransform({ value, includeRootOperations });
  }
  if ('rename' in transform) return createRenameTransform({ renames: [transform.rename] });
  return createFilterTransform({ filters: [...transform.filter] });
}
