import {
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  isScalarType,
  isSpecifiedScalarType,
  type GraphQLInputType,
} from 'graphql';
import type { OutputField } from './field-path.ts';

/** Why an argument can never give a value, or no text where it stands within other text. */
export function argumentProblem(
  { args }: OutputField,
  [name, ...path]: readonly string[],
  use: 'value' | 'text',
): string | undefined {
  let type: GraphQLInputType | undefined = args.find((one) => one.name === name)?.type;
  if (!type) return `the field has no argument "${name}"`;
  for (const step of path) {
    const object: GraphQLInputType = getNullableType(type);
    if (isScalarType(object) && !isSpecifiedScalarType(object)) return undefined;
    type = isInputObjectType(object) ? object.getFields()[step]?.type : undefined;
    if (!type) return `"${String(object)}" has no input field "${step}"`;
  }
  const value = getNullableType(type);
  const isList = isListType(value);
  if (isList && use === 'text') return 'a list cannot stand within text';
  return isLeafType(isList ? getNullableType(value.ofType) : value) ? undefined : `"${String(type)}" is no scalar`;
}
