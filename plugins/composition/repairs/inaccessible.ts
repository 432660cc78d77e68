import { GraphQLError, Kind, visit, type ConstDirectiveNode, type DefinitionNode, type DocumentNode } from 'graphql';

/**
 * Fault: the public schema of a supergraph keeps a union's `@inaccessible` members, of which it has no definition.
 * Repair: unions lose them first.
 */
export function withoutInaccessibleMembers(supergraph: DocumentNode): DocumentNode {
  const hidden = inaccessibleTypes(supergraph);
  if (hidden.size === 0) return supergraph;
  return visit(supergraph, {
    UnionTypeDefinition: (union) => ({
      ...union,
      types: union.types?.filter(({ name }) => !hidden.has(name.value)) ?? [],
    }),
  });
}

/**
 * Fault: a type of which the public schema has nothing left is found only where each subgraph hides all of it: not for
 * unions, nor for enums and input types of which some values or fields are left out since not every subgraph has them.
 * Repair: what is left in the supergraph is looked at, too. The errors are in the words of the library.
 */
export function onlyInaccessibleChildren(supergraph: DocumentNode): readonly GraphQLError[] {
  const hidden = inaccessibleTypes(supergraph);
  return supergraph.definitions.flatMap((definition) => {
    if (!('name' in definition) || !definition.name || isInaccessible(definition)) return [];
    const [what, children] = childrenOf(definition, hidden);
    if (children.length === 0 || children.includes(true)) return [];
    const message = `Type "${definition.name.value}" is in the API schema but all of its ${what} are @inaccessible.`;
    return [new GraphQLError(message, { extensions: { code: 'ONLY_INACCESSIBLE_CHILDREN' } })];
  });
}

/** What the children of a type are called, and for each whether clients see it. */
function childrenOf(definition: DefinitionNode, hidden: ReadonlySet<string>): [what: string, isVisible: boolean[]] {
  switch (definition.kind) {
    case Kind.UNION_TYPE_DEFINITION:
      return ['members', definition.types?.map(({ name }) => !hidden.has(name.value)) ?? []];
    case Kind.ENUM_TYPE_DEFINITION:
      return ['values', definition.values?.map((value) => !isInaccessible(value)) ?? []];
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
      return ['fields', definition.fields?.map((field) => !isInaccessible(field)) ?? []];
    default:
      return ['', []];
  }
}

function inaccessibleTypes(supergraph: DocumentNode): ReadonlySet<string> {
  const hidden = supergraph.definitions.filter(isInaccessible);
  return new Set(
    hidden.flatMap((definition) => ('name' in definition && definition.name ? definition.name.value : [])),
  );
}

function isInaccessible(node: { readonly directives?: readonly ConstDirectiveNode[] | undefined } | DefinitionNode) {
  return 'directives' in node && node.directives?.some(({ name }) => name.value === 'inaccessible') === true;
}
