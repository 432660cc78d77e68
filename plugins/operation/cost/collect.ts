import {
  isCompositeType,
  Kind,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { Fragments } from '../definitions.ts';
import { possibleTypes } from '../type-sets.ts';

/** What may still be done; at 0 there was too much. */
export interface Budget {
  left: number;
}

/** What a document is collected from: under the conditions that hold for some variables. */
export interface Source {
  readonly schema: GraphQLSchema;
  readonly fragments: Fragments;
  isIncluded(selection: SelectionNode): boolean;
  readonly budget: Budget;
}

/** The nodes of a field: those that have one response key. */
export type FieldNodes = readonly [FieldNode, ...FieldNode[]];

/**
 * The fields of an object, by response key: CollectFields (GraphQL specification, section 6.3.2) of selection sets that
 * are merged. It follows no fragment twice, and no recursion: a chain of thousands is a valid document.
 */
export function collectFields(
  { schema, fragments, isIncluded, budget }: Source,
  object: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): ReadonlyMap<string, FieldNodes> {
  const fields = new Map<string, [FieldNode, ...FieldNode[]]>();
  const spread = new Set<string>();
  const ahead = sets.flatMap(({ selections }) => selections).toReversed();
  for (let next = ahead.pop(); next && budget.left > 0; next = ahead.pop()) {
    budget.left--;
    if (!isIncluded(next)) continue;
    if (next.kind === Kind.FIELD) {
      const key = next.alias?.value ?? next.name.value;
      const before = fields.get(key);
      if (before) before.push(next);
      else fields.set(key, [next]);
      continue;
    }
    if (next.kind === Kind.FRAGMENT_SPREAD) {
      if (spread.has(next.name.value)) continue;
      spread.add(next.name.value);
    }
    const fragment = next.kind === Kind.INLINE_FRAGMENT ? next : fragments.get(next.name.value);
    const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
    if (condition && !(isCompositeType(condition) && possibleTypes(schema, condition).names.has(object.name))) continue;
    ahead.push(...(fragment?.selectionSet.selections ?? []).toReversed());
  }
  return fields;
}
