import { hash } from 'node:crypto';
import { printSchema, type GraphQLSchema } from 'graphql';

interface Origin {
  readonly supergraph: GraphQLSchema;
  readonly version: string;
}

const origins = new WeakMap<GraphQLSchema, Origin>();
const printed = new WeakMap<GraphQLSchema, string>();

/** Remembers which supergraph a public schema was made of: the joins are in that one alone. */
export function rememberSupergraph(publicSchema: GraphQLSchema, supergraph: GraphQLSchema, sdl: string): void {
  origins.set(publicSchema, { supergraph, version: versionOf(sdl) });
}

/** The supergraph that a public schema was made of; the schema itself where that is not known. */
export function supergraphOf(schema: GraphQLSchema): GraphQLSchema {
  return origins.get(schema)?.supergraph ?? schema;
}

/** The same in all processes that have the same supergraph; SHA-256, base64url. */
export function supergraphVersion(schema: GraphQLSchema): string {
  const known = origins.get(schema)?.version ?? printed.get(schema);
  if (known !== undefined) return known;
  const version = versionOf(printSchema(schema));
  printed.set(schema, version);
  return version;
}

function versionOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
