import { isInterfaceType, isObjectType, Kind, type DirectiveNode, type GraphQLSchema } from 'graphql';
import { definitionsOf, graphNames } from '../supergraph/index.ts';

/** The name of the subgraph that resolves a field, when it is one alone. */
export type FieldOwner = (typeName: string, fieldName: string) => string | undefined;

/** Reads the owners from the joins of a supergraph, for those who must say which subgraph gave a value. */
export function fieldOwners(supergraph: GraphQLSchema): FieldOwner {
  let names: ReadonlyMap<string, string> | undefined;
  return (typeName, fieldName) => {
    names ??= graphNames(definitionsOf(supergraph));
    const type = supergraph.getType(typeName);
    if (!isObjectType(type) && !isInterfaceType(type)) return undefined;
    const ofField = graphsOf('join__field', type.getFields()[fieldName]?.astNode?.directives);
    const graphs = ofField.length > 0 ? ofField : graphsOf('join__type', type.astNode?.directives);
    const [graph] = graphs;
    return graph !== undefined && new Set(graphs).size === 1 ? names.get(graph) : undefined;
  };
}

function graphsOf(join: string, directives: readonly DirectiveNode[] = []): readonly string[] {
  return directives.flatMap((directive) => {
    if (directive.name.value !== join) return [];
    const args = new Map(directive.arguments?.map(({ name, value }) => [name.value, value]));
    const [graph, external] = [args.get('graph'), args.get('external')];
    const resolves = external?.kind !== Kind.BOOLEAN || !external.value;
    return graph?.kind === Kind.ENUM && resolves ? [graph.value] : [];
  });
}
