import { visit, type ConstDirectiveNode } from 'graphql';
import type { SubgraphDocument } from '../conflicts/definitions.ts';
import { readLinks, stringArgument } from '../conflicts/links.ts';

const FEDERATION = 'https://specs.apollo.dev/federation';
const NAMESPACE = 'federation';

/**
 * Fault: `@link(url: ".../federation/v2.9", as: "fed")` is not understood, so `@fed__key` is said to be unknown.
 * Repair: what has the chosen namespace gets the usual one.
 */
export function usualFederationNamespace<Subgraph extends SubgraphDocument>(subgraph: Subgraph): Subgraph {
  const link = readLinks(subgraph.typeDefs).find(({ identity }) => identity === FEDERATION);
  if (!link || link.namespace === NAMESPACE) return subgraph;
  const typeDefs = visit(subgraph.typeDefs, {
    Name: (node) =>
      node.value.startsWith(`${link.namespace}__`)
        ? { ...node, value: NAMESPACE + node.value.slice(link.namespace.length) }
        : undefined,
    Directive: {
      leave: (node) =>
        isFederationLink(node as ConstDirectiveNode)
          ? { ...node, arguments: node.arguments?.filter(({ name }) => name.value !== 'as') ?? [] }
          : undefined,
    },
  });
  return { ...subgraph, typeDefs };
}

function isFederationLink(directive: ConstDirectiveNode): boolean {
  return directive.name.value === 'link' && stringArgument(directive, 'url')?.startsWith(`${FEDERATION}/`) === true;
}
