import { isInterfaceType, isObjectType, Kind, type DirectiveNode, type GraphQLSchema } from 'graphql';
import { graphNames, graphOf } from '../../supergraph/index.ts';
import type { Coordinate } from '../coordinates.ts';

/** The names of the subgraphs that resolve a field, each once; none where that is not known. */
export type OwnersOf = (coordinate: Coordinate) => readonly string[];

/**
 * Reads the owners from the joins of a supergraph (join specification). None for a schema without them, as what the
 * gateway gives its plugins is.
 */
export function joinOwners(supergraph: GraphQLSchema): OwnersOf {
  const graphs = supergraph.getType('join__Graph')?.astNode;
  const names = graphNames({ kind: Kind.DOCUMENT, definitions: graphs ? [graphs] : [] });
  return (coordinate) => {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const type = supergraph.getType(typeName);
    if (names.size === 0 || (!isObjectType(type) && !isInterfaceType(type))) return [];
    const ofField = joins('join__field', type.getFields()[fieldName]?.astNode?.directives);
    const resolving = ofField.length > 0 ? ofField : joins('join__type', type.astNode?.directives);
    const owners = resolving
      .filter((join) => !isExternal(join))
      .flatMap((join) => names.get(graphOf(join) ?? '') ?? []);
    return [...new Set(owners)];
  };
}

function joins(name: string, directives: readonly DirectiveNode[] = []): readonly DirectiveNode[] {
  return directives.filter((directive) => directive.name.value === name);
}

function isExternal({ arguments: args = [] }: DirectiveNode): boolean {
  return args.some(({ name, value }) => name.value === 'external' && value.kind === Kind.BOOLEAN && value.value);
}
