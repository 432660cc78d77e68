import { getNamedType, isCompositeType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import type { SelectedField } from '../../operation/index.ts';
import type { EntityKeys } from './entity-keys.ts';
import { isValues, keyValue, NOTHING_KNOWN, possibleTypes, typesOf, type Values } from './objects.ts';
import type { Invalidation } from './tag.ts';

/** More of one answer are not told apart: then all of their types are meant. */
const MAX_ENTITIES = 500;

/**
 * The entities that a mutation answers with, which it may have changed: each by its keys, and all of its type where its
 * key was not asked for.
 */
export function entitiesIn(
  schema: GraphQLSchema,
  keysOf: EntityKeys,
  selection: readonly SelectedField[],
  data: Values,
): readonly Invalidation[] {
  const entities = new Map<string, Invalidation>();
  const types = new Set<string>();

  function visit(possible: readonly GraphQLObjectType[], fields: readonly SelectedField[], value: unknown): void {
    if (Array.isArray(value)) for (const item of value) visit(possible, fields, item);
    if (!isValues(value)) return;
    const found = { fields, object: value, known: NOTHING_KNOWN };
    for (const { name: type } of typesOf(possible, found)) {
      const keys = keysOf(type).map(({ parts }) => keyValue(parts, found));
      // By one key it is found whatever was known of it.
      const key = keys.find((one) => one !== undefined);
      if (key) entities.set(JSON.stringify([type, key]), { kind: 'entity', type, key });
      else if (keys.length > 0) types.add(type);
    }
    visitFields(fields, value);
  }

  function visitFields(fields: readonly SelectedField[], object: Values): void {
    for (const { definition, responseKey, selections } of fields) {
      const type = getNamedType(definition.type);
      if (isCompositeType(type)) visit(possibleTypes(schema, type), selections, object[responseKey]);
    }
  }

  visitFields(selection, data);
  const named = [...entities.values()].filter((one) => one.kind === 'entity');
  if (named.length > MAX_ENTITIES) for (const { type } of named) types.add(type);
  return [
    ...[...types].map((type): Invalidation => ({ kind: 'type', type })),
    ...named.filter(({ type }) => !types.has(type)),
  ];
}
