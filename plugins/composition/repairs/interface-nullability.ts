import { Kind, print, visit, type FieldDefinitionNode, type TypeNode } from 'graphql';
import { readDefinitions, type SubgraphDocument } from '../conflicts/definitions.ts';
import { mostGeneral } from './subtypes.ts';

/**
 * Fault: where subgraphs give a field of an interface the same type but for the nullability of a list's items, the
 * interface gets the type of the first of them. If that is the stricter one, types that implement it as another
 * subgraph has it are refused with a false INVALID_GRAPHQL.
 * Repair: all subgraphs of the interface are given the type that holds for all of them.
 */
export function alignInterfaceNullability<Subgraph extends SubgraphDocument>(
  subgraphs: readonly Subgraph[],
): Subgraph[] {
  const aligned = alignedTypes(subgraphs);
  if (aligned.size === 0) return [...subgraphs];
  return subgraphs.map((subgraph) => {
    let typeName = '';
    const typeDefs = visit(subgraph.typeDefs, {
      enter(node) {
        if ('fields' in node && 'name' in node) typeName = node.name?.value ?? '';
        if (node.kind !== Kind.FIELD_DEFINITION) return undefined;
        const type = aligned.get(`${typeName}.${node.name.value}`);
        return type && print(type) !== print(node.type) ? { ...node, type } : undefined;
      },
    });
    return { ...subgraph, typeDefs };
  });
}

/** The types of those interface fields that need it, by coordinate. */
function alignedTypes(subgraphs: readonly SubgraphDocument[]): Map<string, TypeNode> {
  const documents = subgraphs.map(({ typeDefs }) => readDefinitions(typeDefs).types);
  const interfaces = documents.flatMap((types) => [...types].filter(([, { kind }]) => kind === 'interface'));
  const names = new Set(interfaces.map(([name]) => name));
  const aligned = new Map<string, TypeNode>();
  for (const name of names) {
    const fields = documents.flatMap((types): FieldDefinitionNode[] => [...(types.get(name)?.fields.values() ?? [])]);
    for (const [field, definitions] of Map.groupBy(fields, (one) => one.name.value)) {
      const types = definitions.map(({ type }) => type);
      const isNullabilityAll = new Set(types.map((type) => print(type).replaceAll('!', ''))).size === 1;
      const type = isNullabilityAll ? mostGeneral(types, () => false) : undefined;
      if (type && types.some((one) => print(one) !== print(type))) aligned.set(`${name}.${field}`, type);
    }
  }
  return aligned;
}
