import { GraphQLError, Kind } from 'graphql';
import { readDefinitions, type SubgraphDocument } from '../conflicts/definitions.ts';
import { federationDirectives } from '../conflicts/links.ts';

/**
 * Fault: the library throws when a `@key`, `@requires` or `@provides` goes through an `@interfaceObject` that the
 * document defines further down.
 * Repair: those types come first. The order of definitions means nothing.
 */
export function interfaceObjectsFirst<Subgraph extends SubgraphDocument>(subgraph: Subgraph): Subgraph {
  const applies = federationDirectives(subgraph.typeDefs);
  const { true: first = [], false: others = [] } = Object.groupBy(subgraph.typeDefs.definitions, (definition) => {
    const isObject = definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION;
    return `${isObject && applies(definition.directives, 'interfaceObject').length > 0}`;
  });
  if (first.length === 0) return subgraph;
  return { ...subgraph, typeDefs: { ...subgraph.typeDefs, definitions: [...first, ...others] } };
}

/**
 * Fault: two misuses of `@interfaceObject` compose, and fail when they are asked for: types of the interface in the
 * subgraph that has it as an object (there is no plan for their fields), and `@override` on a field of it (which holds
 * for selections on the interface, and not for those on its types).
 * Repair: they are errors, in the words of Apollo Federation.
 */
export function misusedInterfaceObjects(subgraphs: readonly SubgraphDocument[]): readonly GraphQLError[] {
  const documents = subgraphs.map(({ name, typeDefs }) => ({
    name,
    applies: federationDirectives(typeDefs),
    types: readDefinitions(typeDefs).types,
  }));
  return documents.flatMap(({ name, applies, types }) =>
    [...types]
      .filter(([, { directives }]) => applies(directives, 'interfaceObject').length > 0)
      .flatMap(([typeName, { fields }]) => {
        const implementing = documents.flatMap((other) =>
          [...other.types].filter(([, { interfaces }]) => interfaces.has(typeName)).map(([one]) => one),
        );
        const defined = [...new Set(implementing)].filter((one) => types.has(one));
        const overriding = [...fields.values()].filter(({ directives }) => applies(directives, 'override').length > 0);
        return [
          ...defined.map((one) =>
            failure(
              'INTERFACE_OBJECT_USAGE_ERROR',
              `Interface type "${typeName}" is defined as an @interfaceObject in subgraph "${name}" so that subgraph should not define any of the implementation types of "${typeName}", but it defines type "${one}"`,
            ),
          ),
          ...overriding.map((field) =>
            failure(
              'OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE',
              `@override is not supported on fields of @interfaceObject types: cannot be used on field "${typeName}.${field.name.value}" on subgraph "${name}".`,
            ),
          ),
        ];
      }),
  );
}

function failure(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}
