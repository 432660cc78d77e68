import { getNullableType, isInputObjectType, isListType, isSpecifiedScalarType, type GraphQLInputType } from 'graphql';
import { isList, isObject, type JsonValue } from './json.ts';

/**
 * A variable's value, which the type accepts, in the form that the same value has as a literal: one item for a list is a
 * list, ids are strings, the fields of an input object are sorted.
 */
export function canonicalJson(value: JsonValue, given: GraphQLInputType): JsonValue {
  if (value === null) return null;
  const type = getNullableType(given);
  if (isListType(type)) return (isList(value) ? value : [value]).map((item) => canonicalJson(item, type.ofType));
  if (isInputObjectType(type) && isObject(value)) {
    const fields = type.getFields();
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, own]) => [name, fields[name] ? canonicalJson(own, fields[name].type) : own]),
    );
  }
  return isSpecifiedScalarType(type) && type.name === 'ID' && typeof value === 'number' ? String(value) : value;
}
