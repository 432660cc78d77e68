import {
  isCompositeType,
  Kind,
  print,
  type DirectiveNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { and, conditionsOf, isRuledOut, otherDirectives, type Condition, type Conjunction } from './conditions.ts';
import type { Fragments } from './definitions.ts';
import type { FieldOrigin } from './selected-field.ts';
import { intersection, isSame, possibleTypes, type TypeSet } from './type-sets.ts';

/** A selection set, and what it is for. */
export interface Selected {
  readonly set: SelectionSetNode;
  /** The type that it stands on. */
  readonly type: GraphQLCompositeType;
  readonly types: TypeSet;
  readonly when: Conjunction;
}

/** A field as it stands in one or more selection sets, for the same types and under the same conditions. */
export interface Occurrence {
  readonly responseKey: string;
  readonly name: string;
  readonly types: TypeSet;
  readonly when: Conjunction;
  readonly directives: readonly DirectiveNode[];
  readonly origins: [FieldOrigin, ...FieldOrigin[]];
}

/** What may still be read, in selections and conditions; at 0 there was too much. */
export interface Budget {
  left: number;
}

/** Fragments within fragments, without a field between: more than any that a person writes. */
const MOST_NESTED = 500;

/**
 * The fields of selection sets that are merged, in the order of the response. A field joins the one before it of the
 * same response key when both are for the same; further back it does not, since what stands between may apply too and
 * then comes first.
 */
export function occurrencesIn(
  schema: GraphQLSchema,
  fragments: Fragments,
  selected: readonly Selected[],
  known: readonly Condition[],
  budget: Budget,
): readonly Occurrence[] {
  const occurrences: Occurrence[] = [];
  const latest = new Map<string, Occurrence>();

  function visitSet(within: Selected, nested: number): void {
    if (nested > MOST_NESTED) budget.left = 0;
    for (const selection of within.set.selections) {
      if (budget.left <= 0) return;
      budget.left--;
      if (!isRuledOut(selection)) visit(selection, within, nested);
    }
  }

  function visit(selection: SelectionNode, within: Selected, nested: number): void {
    const when = conditionsFor(selection, within);
    if (!when) return;
    if (selection.kind === Kind.FIELD) return found(selection, within, when);
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    if (!fragment) return;
    const condition = fragment.typeCondition;
    const type = condition ? schema.getType(condition.name.value) : within.type;
    if (!isCompositeType(type)) return;
    const types = condition ? intersection(within.types, possibleTypes(schema, type)) : within.types;
    if (types.types.length > 0) visitSet({ set: fragment.selectionSet, type, types, when }, nested + 1);
  }

  function conditionsFor(selection: SelectionNode, { when }: Selected): Conjunction | undefined {
    if (!selection.directives?.length) return when;
    const added = conditionsOf(selection);
    // Else thousands of conditions, each within the other, would be copied for each of thousands of fields.
    budget.left -= known.length + when.conditions.length;
    return added.length === 0 ? when : and(when, added, known);
  }

  function found(node: FieldNode, { type, types }: Selected, when: Conjunction): void {
    const responseKey = node.alias?.value ?? node.name.value;
    const directives = otherDirectives(node.directives);
    const origin: FieldOrigin = { node, parentType: type };
    const before = latest.get(responseKey);
    if (
      before &&
      isSame(before.types, types) &&
      before.when.key === when.key &&
      isAlike(before.directives, directives)
    ) {
      before.origins.push(origin);
      return;
    }
    const occurrence: Occurrence = { responseKey, name: node.name.value, types, when, directives, origins: [origin] };
    occurrences.push(occurrence);
    latest.set(responseKey, occurrence);
  }

  for (const one of selected) if (one.types.types.length > 0) visitSet(one, 0);
  return occurrences;
}

function isAlike(one: readonly DirectiveNode[], other: readonly DirectiveNode[]): boolean {
  return one.length === other.length && one.map(print).join(' ') === other.map(print).join(' ');
}
