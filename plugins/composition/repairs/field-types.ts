import { GraphQLError, print, visit, type DocumentNode } from 'graphql';
import { graphNames } from '../../supergraph/index.ts';
import { resolvingGraphs, type ResolvingGraph } from './join-fields.ts';
import { holdsFor, mostGeneral, readSubtypes } from './subtypes.ts';

/**
 * Fault: a field that one subgraph types with an interface or union and another with one of its object types gets the
 * type of whichever subgraph comes first by name, so clients may not see what the other returns; and whether one is a
 * list and the other not, or which may be null, is not looked at.
 * Repair: it gets the most general type among those of its subgraphs. If there is none, that is the FIELD_TYPE_MISMATCH
 * that it should have been.
 */
export function generalizeFieldTypes(
  supergraph: DocumentNode,
): { readonly supergraph: DocumentNode } | { readonly errors: readonly GraphQLError[] } {
  const isSubtype = readSubtypes([supergraph]);
  const names = graphNames(supergraph);
  const errors: GraphQLError[] = [];
  let typeName = '';
  const generalized = visit(supergraph, {
    ObjectTypeDefinition: { enter: ({ name }) => void (typeName = name.value) },
    InterfaceTypeDefinition: { enter: ({ name }) => void (typeName = name.value) },
    FieldDefinition: {
      enter(field) {
        const joins = resolvingGraphs(field);
        const types = joins.map(({ type }) => type);
        if (types.every((type) => holdsFor(type, field.type, isSubtype))) return undefined;
        const type = mostGeneral(types, isSubtype);
        if (type) return { ...field, type };
        errors.push(mismatch(`${typeName}.${field.name.value}`, joins, names));
        return undefined;
      },
    },
  });
  return errors.length > 0 ? { errors } : { supergraph: generalized };
}

/** In the words of the library. */
function mismatch(
  coordinate: string,
  joins: readonly ResolvingGraph[],
  names: ReadonlyMap<string, string>,
): GraphQLError {
  const groups = [...Map.groupBy(joins, ({ type }) => print(type))].map(([type, graphs]) => {
    const subgraphs = graphs.map(({ graph }) => `"${names.get(graph) ?? graph}"`);
    return `type "${type}" in subgraph${subgraphs.length > 1 ? 's' : ''} ${subgraphs.join(', ')}`;
  });
  const [first, ...others] = groups;
  const message = `Type of field "${coordinate}" is incompatible across subgraphs: it has ${first} but ${others.join(' and ')}`;
  return new GraphQLError(message, { extensions: { code: 'FIELD_TYPE_MISMATCH' } });
}
