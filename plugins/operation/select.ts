import {
  getNamedType,
  isCompositeType,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { ALWAYS, type Condition } from './conditions.ts';
import type { Fragments } from './definitions.ts';
import { fieldOn } from './meta-fields.ts';
import { occurrencesIn, type Budget, type Occurrence, type Selected } from './occurrences.ts';
import type { SelectedField } from './selected-field.ts';
import { placesIn } from './type-conditions.ts';
import { intersection, possibleTypes } from './type-sets.ts';

/** What is read of an operation at most: selections with fragments inlined, and how many stand within one another. */
const MOST_SELECTIONS = 10_000;
const MOST_LEVELS = 500;

/**
 * An operation's selection with fragments inlined, as CollectFields would (GraphQL specification, section 6.3.2), but
 * for all types and variables at once: fields stand in the order of the response, each for the types and under the
 * conditions that it is for, and what is the same in these is one. What can never be is left out: fragments on types
 * that cannot be there, conditions that contradict one another.
 *
 * Undefined when it is too large: some documents of a few hundred characters expand to more than any memory holds.
 */
export function selectionOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
): readonly SelectedField[] | undefined {
  const root = schema.getRootType(operation.operation);
  return root ? selectionOn(schema, root, operation.selectionSet, fragments) : undefined;
}

/** The same of a selection set that stands on any type. */
export function selectionOn(
  schema: GraphQLSchema,
  root: GraphQLCompositeType,
  set: SelectionSetNode,
  fragments: Fragments,
): readonly SelectedField[] | undefined {
  const budget: Budget = { left: MOST_SELECTIONS };
  const placeOf = placesIn(schema);

  function selectionSet(
    parent: GraphQLCompositeType,
    selected: readonly Selected[],
    known: readonly Condition[],
    level: number,
  ): readonly SelectedField[] {
    if (level > MOST_LEVELS) budget.left = 0;
    return occurrencesIn(schema, fragments, selected, known, budget).flatMap((occurrence) => {
      const field = fieldFor(parent, occurrence, known, level);
      return field ? [field] : [];
    });
  }

  function fieldFor(
    parent: GraphQLCompositeType,
    occurrence: Occurrence,
    known: readonly Condition[],
    level: number,
  ): SelectedField | undefined {
    const { responseKey, name, types, when, origins } = occurrence;
    const place = placeOf(parent, types, name);
    const definition = fieldOn(schema, place.type, name);
    if (!definition || budget.left <= 0) return undefined;
    const { conditions } = when;
    return {
      responseKey,
      name,
      parentType: place.type,
      definition,
      possibleTypes: types.types,
      typeConditions: place.conditions,
      conditions,
      arguments: origins[0].node.arguments ?? [],
      directives: occurrence.directives,
      origins,
      selections: selectionsUnder(getNamedType(definition.type), occurrence, [...known, ...conditions], level),
    };
  }

  function selectionsUnder(
    type: ReturnType<typeof getNamedType>,
    { name, origins }: Occurrence,
    known: readonly Condition[],
    level: number,
  ): readonly SelectedField[] {
    if (!isCompositeType(type)) return [];
    const possible = possibleTypes(schema, type);
    const selected = origins.flatMap(({ node, parentType }): readonly Selected[] => {
      const written = getNamedType(fieldOn(schema, parentType, name)?.type);
      if (!node.selectionSet || !isCompositeType(written)) return [];
      const types = intersection(possible, possibleTypes(schema, written));
      return [{ set: node.selectionSet, type: written, types, when: ALWAYS }];
    });
    return selectionSet(type, selected, known, level + 1);
  }

  const whole: Selected = { set, type: root, types: possibleTypes(schema, root), when: ALWAYS };
  const selection = selectionSet(root, [whole], [], 1);
  return budget.left > 0 ? selection : undefined;
}
