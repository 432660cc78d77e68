import { createHash } from 'node:crypto';
import type { ServiceDefinition } from '@theguild/federation-composition';
import { GraphQLError, parse, print, type DocumentNode } from 'graphql';
import { explainConflicts, syntaxConflict, type Conflict } from './conflicts/index.ts';
import { compositionHints, type Hint } from './hints.ts';
import { federatePlainSubgraph } from './plain-graphql.ts';
import { composeRepaired } from './repairs/index.ts';
import type { Subgraph } from './subgraph.ts';

export type Composition = ComposedSupergraph | ConflictingSubgraphs;

export interface ComposedSupergraph {
  readonly composes: true;
  readonly supergraphSdl: string;
  /** What clients see: no join directives, nothing `@inaccessible`. */
  readonly publicSdl: string;
  /** Names this supergraph: the same SDL has the same version, in every process. */
  readonly version: string;
  readonly hints: readonly Hint[];
}

export interface ConflictingSubgraphs {
  readonly composes: false;
  readonly conflicts: readonly Conflict[];
  readonly hints: readonly Hint[];
}

/**
 * Composes federation 1 and 2 subgraphs, and plain GraphQL services, into a supergraph (join specification 0.5 and
 * below). The result depends on the set of subgraphs only, not on their order. Never throws: what is wrong with a
 * subgraph is a conflict.
 */
export function compose(subgraphs: readonly Subgraph[]): Composition {
  const services: ServiceDefinition[] = [];
  const unreadable: Conflict[] = [];
  // The library numbers names that it cannot tell apart in the order it meets them.
  for (const subgraph of subgraphs.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const typeDefs = readSchema(subgraph);
    if (typeDefs instanceof GraphQLError) unreadable.push(syntaxConflict(subgraph.name, typeDefs));
    else services.push({ name: subgraph.name, url: subgraph.url, typeDefs });
  }
  if (unreadable.length > 0) return { composes: false, conflicts: unreadable, hints: [] };

  const hints = compositionHints(services);
  const result = composeRepaired(services);
  if ('errors' in result) return { composes: false, conflicts: explainConflicts(result.errors, services), hints };
  const supergraphSdl = print(result.supergraph);
  return {
    composes: true,
    supergraphSdl,
    publicSdl: print(result.publicSchema),
    version: createHash('sha256').update(supergraphSdl).digest('hex').slice(0, 16),
    hints,
  };
}

function readSchema(subgraph: Subgraph): DocumentNode | GraphQLError {
  const { name, url, schema, transforms } = subgraph;
  try {
    if (schema.kind === 'sdl') return parse(schema.text, { noLocation: true });
    return federatePlainSubgraph({ name, url, introspection: schema.text, ...(transforms && { transforms }) });
  } catch (error) {
    return error instanceof GraphQLError ? error : new GraphQLError((error as Error).message);
  }
}
