import { Kind, visit, type ConstDirectiveNode, type DocumentNode, type FieldDefinitionNode } from 'graphql';
import { readDefinitions, type SubgraphDocument } from '../conflicts/definitions.ts';
import { federationDirectives } from '../conflicts/links.ts';

/** The library does not write `@inaccessible` under another name. */
const INACCESSIBLE: ConstDirectiveNode = {
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: 'inaccessible' },
};

/**
 * Fault: an argument of an interface field loses its `@inaccessible`, so clients see it, and what they see is not valid
 * where the types that implement the interface hide it.
 * Repair: the argument is hidden again, on the interface and on the types that take the field over from an
 * `@interfaceObject`.
 */
export function hideInterfaceArguments(supergraph: DocumentNode, subgraphs: readonly SubgraphDocument[]): DocumentNode {
  const hidden = hiddenArguments(subgraphs);
  if (hidden.size === 0) return supergraph;
  return visit(supergraph, {
    InterfaceTypeDefinition: (node) => ({
      ...node,
      fields: node.fields?.map((field) => hide(field, [node.name.value], hidden)) ?? [],
    }),
    ObjectTypeDefinition: (node) => {
      const interfaces = node.interfaces?.map(({ name }) => name.value) ?? [];
      return {
        ...node,
        fields: node.fields?.map((field) => (isTakenOver(field) ? hide(field, interfaces, hidden) : field)) ?? [],
      };
    },
  });
}

/** Coordinates of the arguments that some subgraph hides. */
function hiddenArguments(subgraphs: readonly SubgraphDocument[]): ReadonlySet<string> {
  const hidden = new Set<string>();
  for (const { typeDefs } of subgraphs) {
    const applies = federationDirectives(typeDefs);
    for (const [typeName, { fields }] of readDefinitions(typeDefs).types) {
      for (const { name, arguments: args = [] } of fields.values()) {
        for (const argument of args) {
          if (applies(argument.directives, 'inaccessible').length === 0) continue;
          hidden.add(`${typeName}.${name.value}(${argument.name.value}:)`);
        }
      }
    }
  }
  return hidden;
}

function hide(field: FieldDefinitionNode, typeNames: readonly string[], hidden: ReadonlySet<string>) {
  const args = field.arguments?.map((argument) => {
    const isHidden = typeNames.some((type) => hidden.has(`${type}.${field.name.value}(${argument.name.value}:)`));
    const isMarked = argument.directives?.some(({ name }) => name.value === INACCESSIBLE.name.value) === true;
    return isHidden && !isMarked
      ? { ...argument, directives: [...(argument.directives ?? []), INACCESSIBLE] }
      : argument;
  });
  return { ...field, ...(args && { arguments: args }) };
}

/** An object type has a field that only an `@interfaceObject` resolves with an empty `@join__field`. */
function isTakenOver({ directives }: FieldDefinitionNode): boolean {
  return directives?.some(({ name, arguments: args }) => name.value === 'join__field' && !args?.length) === true;
}
