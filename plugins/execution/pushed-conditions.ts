import {
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/**
 * A document of the same meaning in which fragments that are there for their condition alone have given it to what they
 * hold. Within a fragment on a type, the planner finds no way to such a fragment (router-query-planner 0.0.38, "No paths
 * found for selection item").
 */
export function withPushedConditions(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: {
        leave({ selections }): SelectionSetNode | undefined {
          const parent = types.getParentType()?.name;
          const flat = selections.flatMap((selection) => unwrapped(selection, parent) ?? selection);
          return flat.length === selections.length && flat.every((one, index) => one === selections[index])
            ? undefined
            : { kind: Kind.SELECTION_SET, selections: flat };
        },
      },
    }),
  );
}

/** What a fragment holds, with its condition; undefined for one that stays. */
function unwrapped(selection: SelectionNode, parent: string | undefined): readonly SelectionNode[] | undefined {
  if (selection.kind !== Kind.INLINE_FRAGMENT || !selection.directives?.length) return undefined;
  const { typeCondition, directives, selectionSet } = selection;
  if (typeCondition && typeCondition.name.value !== parent) return undefined;
  return selectionSet.selections.map((one) => {
    const own = one.directives ?? [];
    // A selection takes each directive once. What is asked for too much then is left out of the response.
    const more = directives.filter(({ name }) => !own.some((other) => other.name.value === name.value));
    return { ...one, directives: [...own, ...more] };
  });
}
