import { visit, type DocumentNode } from 'graphql';
import { readLinks } from '../conflicts/links.ts';

const MESH = 'https://the-guild.dev/graphql/mesh/spec';

/**
 * Fault: the public schema keeps the directives with which fusion-composition marks what it has transformed, and with
 * them the names of subgraphs and of what they call their types.
 * Repair: it loses them first. (The engine reads them from the supergraph.)
 */
export function withoutMeshDirectives(supergraph: DocumentNode): DocumentNode {
  const links = readLinks(supergraph).filter(({ identity }) => identity === MESH);
  const names = new Set(links.flatMap(({ imports }) => [...imports.values()]).map((name) => name.replace(/^@/, '')));
  if (names.size === 0) return supergraph;
  const remove = ({ name }: { readonly name: { readonly value: string } }) =>
    names.has(name.value) ? null : undefined;
  return visit(supergraph, { Directive: remove, DirectiveDefinition: remove });
}
