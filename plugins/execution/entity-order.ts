import type { RequiresSelection } from '@graphql-hive/router-query-planner';
import { documentStringMap } from '@envelop/core';
import { Kind, print, visit, type DocumentNode, type FieldNode, type InlineFragmentNode } from 'graphql';
import type { EntityKeys } from './entity-keys.ts';
import type { JsonObject } from './json.ts';

/**
 * Tells whether a subgraph gave the entities in the order of their representations (Apollo Federation's subgraph
 * specification, "Resolving Query._entities"). One that does not, say because its database returned rows in an order
 * of its own, would have one entity's data shown as another's. So the keys are asked for with the entities.
 */
export interface OrderCheck {
  /** What to send in place of the plan's document. */
  readonly document: DocumentNode;
  /** Whether what came in this place of an `_entities` field is, by its key, another than what was asked for. */
  isOther(answerKey: string, representation: JsonObject, entity: JsonObject): boolean;
  /** Takes out of an entity what was asked for only to check the order. */
  strip(entity: JsonObject): void;
  /** Whether an error is about a key that was asked for only to check the order. */
  isOwnDoing(path: readonly (string | number)[]): boolean;
}

/** An `_entities` field of a fetch, and what its plan requires. */
export interface CheckedField {
  readonly answerKey: string;
  readonly requires: readonly RequiresSelection[];
}

/** Undefined when no key can be checked. */
export function orderCheck(
  document: DocumentNode,
  service: string,
  fields: readonly CheckedField[],
  keysOf: EntityKeys,
): OrderCheck | undefined {
  /** The fields that tell the entities of a type apart, by the `_entities` field and the type. */
  const checked = new Map<string, ReadonlyMap<string, readonly string[]>>();
  const added = new Set<string>();

  function withKeys(field: FieldNode, { requires }: CheckedField): FieldNode {
    const required = fieldNames(requires);
    const byType = new Map<string, readonly string[]>();
    const selections = field.selectionSet?.selections.map((fragment) => {
      const type = fragment.kind === Kind.INLINE_FRAGMENT ? fragment.typeCondition?.name.value : undefined;
      if (type === undefined || fragment.kind !== Kind.INLINE_FRAGMENT) return fragment;
      const key = keysOf(service, type).find((names) =>
        names.every((name) => required.has(name) && isFree(fragment, name)),
      );
      if (!key) return fragment;
      byType.set(type, key);
      const missing = key.filter((name) => !selects(fragment, name));
      for (const name of missing) added.add(name);
      const more = missing.map((value): FieldNode => ({ kind: Kind.FIELD, name: { kind: Kind.NAME, value } }));
      const { selectionSet } = fragment;
      return { ...fragment, selectionSet: { ...selectionSet, selections: [...selectionSet.selections, ...more] } };
    });
    if (byType.size > 0) checked.set(answerKeyOf(field), byType);
    return { ...field, selectionSet: { kind: Kind.SELECTION_SET, selections: selections ?? [] } };
  }

  const extended = visit(document, {
    Field(field) {
      const one = fields.find(({ answerKey }) => answerKey === answerKeyOf(field));
      return one ? withKeys(field, one) : false;
    },
  });
  if (checked.size === 0) return undefined;
  documentStringMap.set(extended, print(extended));

  return {
    document: extended,
    isOther(answerKey, representation, entity) {
      const byType = checked.get(answerKey);
      const type = typeof representation.__typename === 'string' ? representation.__typename : '';
      // An entity interface is asked for by its own name, whatever the type of the entity.
      const key = byType?.get(type) ?? (byType?.size === 1 ? [...byType.values()][0] : undefined);
      return key?.some((name) => differ(representation[name], entity[name])) ?? false;
    },
    strip(entity) {
      for (const name of added) entity[name] = undefined;
    },
    isOwnDoing: ([answerKey, , name, ...rest]) =>
      rest.length === 0 && checked.has(String(answerKey)) && added.has(String(name)),
  };
}

/** An `ID` may be a number in one subgraph and text in another. What is not there, or no scalar, tells nothing. */
function differ(one: unknown, other: unknown): boolean {
  return isScalar(one) && isScalar(other) && String(one) !== String(other);
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function answerKeyOf({ alias, name }: FieldNode): string {
  return alias?.value ?? name.value;
}

/** Nothing else answers under this name. */
function isFree({ selectionSet }: InlineFragmentNode, name: string): boolean {
  return selectionSet.selections.every(
    (one) => one.kind === Kind.FIELD && (answerKeyOf(one) !== name || one.name.value === name),
  );
}

function selects({ selectionSet }: InlineFragmentNode, name: string): boolean {
  return selectionSet.selections.some((one) => one.kind === Kind.FIELD && answerKeyOf(one) === name);
}

function fieldNames(requires: readonly RequiresSelection[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const one of requires) {
    if (one.kind === 'Field') names.add(one.name);
    else if (one.kind === 'InlineFragment') for (const name of fieldNames(one.selections)) names.add(name);
  }
  return names;
}
