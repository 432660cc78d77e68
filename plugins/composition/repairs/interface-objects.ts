import { Kind } from 'graphql';
import type { SubgraphDocument } from '../conflicts/definitions.ts';
import { federationDirectives } from '../conflicts/links.ts';

/**
 * Fault: the library throws when a `@key`, `@requires` or `@provides` goes through an `@interfaceObject` that the
 * document defines further down.
 * Repair: those types come first. The order of definitions means nothing.
 */
export function interfaceObjectsFirst<Subgraph extends SubgraphDocument>(subgraph: Subgraph): Subgraph {
  const applies = federationDirectives(subgraph.typeDefs);
  const { true: first = [], false: others = [] } = Object.groupBy(subgraph.typeDefs.definitions, (definition) => {
    const isObject = definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION;
    return `${isObject && applies(definition.directives, 'interfaceObject').length > 0}`;
  });
  if (first.length === 0) return subgraph;
  return { ...subgraph, typeDefs: { ...subgraph.typeDefs, definitions: [...first, ...others] } };
}
