import type { FlattenNodePathSegment, RequiresSelection } from '@graphql-hive/router-query-planner';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { mergeInto } from './merge.ts';
import type { TypeConditions } from './type-conditions.ts';

export type ResponsePath = readonly (string | number)[];

/**
 * Visits the objects at a plan's path, from the root of the data. `path` is where an object stands; it is reused, so a
 * visitor that keeps it must copy it.
 */
export function visitEntities(
  root: JsonObject,
  segments: readonly FlattenNodePathSegment[],
  isOfType: TypeConditions,
  visitor: (entity: JsonObject, path: ResponsePath) => void,
): void {
  const path: (string | number)[] = [];

  function visit(value: JsonValue | undefined, depth: number): void {
    if (value === null || typeof value !== 'object') return;
    if (Array.isArray(value)) {
      // A plan says "@" for a list, and nothing for the lists within it.
      const next = segments[depth] === '@' ? depth + 1 : depth;
      for (const [index, item] of value.entries()) {
        path.push(index);
        visit(item, next);
        path.pop();
      }
      return;
    }
    const object = value as JsonObject;
    const segment = segments[depth];
    if (segment === undefined) {
      visitor(object, path);
    } else if (segment === '@') {
      visit(object, depth + 1);
    } else if ('Field' in segment) {
      path.push(segment.Field);
      visit(object[segment.Field], depth + 1);
      path.pop();
    } else if (typeof object.__typename !== 'string' || isOfType(object.__typename, segment.TypeCondition)) {
      visit(object, depth + 1);
    }
  }

  visit(root, 0);
}

/**
 * What a subgraph has to be told of an entity: the fields that a plan's `requires` selects. Undefined when the entity
 * is of none of its types, or lacks what would tell it from others.
 */
export function representationOf(
  entity: JsonObject,
  requires: readonly RequiresSelection[],
  isOfType: TypeConditions,
): JsonObject | undefined {
  const representation = select(entity, requires, isOfType);
  if (typeof entity.__typename === 'string') representation.__typename ??= entity.__typename;
  for (const key in representation) {
    if (key !== '__typename' && representation[key] !== null && representation[key] !== undefined)
      return representation;
  }
  return undefined;
}

function select(entity: JsonObject, selections: readonly RequiresSelection[], isOfType: TypeConditions): JsonObject {
  const selected: JsonObject = {};
  for (const selection of selections) {
    if (selection.kind === 'Field') {
      const key = selection.alias ?? selection.name;
      const value = entity[selection.name] ?? entity[key];
      if (value === undefined) continue;
      selected[key] = selection.selections ? selectWithin(value, selection.selections, isOfType) : value;
    } else if (selection.kind === 'InlineFragment') {
      const { __typename: typeName } = entity;
      if (typeof typeName !== 'string' || !isOfType(typeName, [selection.typeCondition])) continue;
      mergeInto(selected, select(entity, selection.selections, isOfType));
    }
  }
  return selected;
}

function selectWithin(value: JsonValue, selections: readonly RequiresSelection[], isOfType: TypeConditions): JsonValue {
  if (Array.isArray(value)) return value.map((item) => selectWithin(item, selections, isOfType));
  return isObject(value) ? select(value, selections, isOfType) : value;
}
