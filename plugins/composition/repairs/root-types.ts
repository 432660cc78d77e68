import { Kind, visit, type DocumentNode, type OperationTypeDefinitionNode } from 'graphql';
import { readDefinitions, type SubgraphDocument } from '../conflicts/definitions.ts';

/**
 * Fault: root types that only an `extend schema` names are left out of the supergraph, and the library throws where a
 * field has a root type that is not called Query, Mutation or Subscription.
 * Repair: root types get those names, where no other type has them, and all stand in the schema's definition.
 */
export function usualRootTypes<Subgraph extends SubgraphDocument>(subgraph: Subgraph): Subgraph {
  const { renamedRoots } = readDefinitions(subgraph.typeDefs);
  const extended = operationTypesOfExtensions(subgraph.typeDefs);
  if (renamedRoots.size === 0 && extended.length === 0) return subgraph;
  const taken = new Set(namesOfTypes(subgraph.typeDefs));
  const typeDefs = visit(subgraph.typeDefs, {
    SchemaDefinition: (node) => ({ ...node, operationTypes: [...node.operationTypes, ...extended] }),
    SchemaExtension: (node) => ({ ...node, operationTypes: [] }),
    Name(node, _key, parent) {
      const usual = renamedRoots.get(node.value);
      const isOfType = parent !== undefined && 'kind' in parent && namesType(parent.kind);
      return usual !== undefined && !taken.has(usual) && isOfType ? { ...node, value: usual } : undefined;
    },
  });
  return { ...subgraph, typeDefs };
}

function operationTypesOfExtensions(document: DocumentNode): readonly OperationTypeDefinitionNode[] {
  return document.definitions.flatMap((node) =>
    node.kind === Kind.SCHEMA_EXTENSION ? (node.operationTypes ?? []) : [],
  );
}

function namesOfTypes({ definitions }: DocumentNode): string[] {
  return definitions.flatMap((node) => (namesType(node.kind) && 'name' in node && node.name ? [node.name.value] : []));
}

function namesType(kind: Kind): boolean {
  return kind === Kind.NAMED_TYPE || kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.OBJECT_TYPE_EXTENSION;
}
