import type { GraphQLSchema } from 'graphql';

const supergraphs = new WeakMap<GraphQLSchema, GraphQLSchema>();

/** Remembers which supergraph a public schema was made of: the joins are in that one alone. */
export function rememberSupergraph(publicSchema: GraphQLSchema, supergraph: GraphQLSchema): void {
  supergraphs.set(publicSchema, supergraph);
}

/** The supergraph that a public schema was made of; the schema itself where that is not known. */
export function supergraphOf(schema: GraphQLSchema): GraphQLSchema {
  return supergraphs.get(schema) ?? schema;
}
