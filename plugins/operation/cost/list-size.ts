import { getNullableType, isInputObjectType, isListType, type FieldNode, type GraphQLField } from 'graphql';
import { bounded } from './amounts.ts';
import { combined, readIn, type ByVariables, type Quantity } from './by-variables.ts';
import type { ListSize, Path } from './directives.ts';

/** What a slicing argument of a field asks for. */
export interface Slice {
  /** As the schema names it. */
  readonly name: string;
  /** Whether the client says so, and not a default of the schema. */
  readonly isGiven: boolean;
  readonly size: number;
}

/** What the slicing arguments of a field ask for; those that are null, and those that are not there, for nothing. */
export function slicesOf(
  field: GraphQLField<unknown, unknown>,
  { slicingArguments }: ListSize,
  { arguments: args = [] }: FieldNode,
): ByVariables<readonly Slice[]> {
  const each = slicingArguments.map((path): ByVariables<readonly Slice[]> => {
    const node = args.find(({ name }) => name.value === path[0]);
    return node ? readIn(node.value, (given) => sliceIn(field, path, given)) : sliceIn(field, path, undefined);
  });
  return combined(each, (slices) => slices.flat());
}

/**
 * How many items a list has by its `@listSize`: the most that a slicing argument asks for, defaults included; if none
 * does, the assumed size (IBM, sections 8.2 and 9.2.4), or else the default. Hive Router takes the assumed size first.
 */
export function sizeOf(
  { assumedSize }: ListSize,
  slices: ByVariables<readonly Slice[]>,
  defaultListSize: number,
): Quantity {
  const otherwise = bounded(assumedSize ?? defaultListSize);
  return combined([slices], ([asked = []]) => {
    return asked.length > 0 ? Math.max(...asked.map(({ size }) => size)) : otherwise;
  });
}

/** A number is a size; a list, of keys to look up, has its own (Apollo Router, Hive Router). */
function sliceIn({ args }: GraphQLField<unknown, unknown>, path: Path, given: unknown): readonly Slice[] {
  const [head, ...inner] = path;
  const argument = args.find(({ name }) => name === head);
  if (!argument) return [];
  let { type } = argument;
  let isGiven = given !== undefined;
  let value = isGiven ? given : argument.defaultValue;
  for (const name of inner) {
    const object = getNullableType(type);
    const field = isInputObjectType(object) ? object.getFields()[name] : undefined;
    if (!field || typeof value !== 'object' || value === null) return [];
    const own = Object.entries(value).find(([key]) => key === name)?.[1] as unknown;
    isGiven &&= own !== undefined;
    value = own === undefined ? field.defaultValue : own;
    type = field.type;
  }
  if (value === undefined || value === null) return [];
  const isList = isListType(getNullableType(type));
  const size = isList ? (Array.isArray(value) ? value.length : 1) : value;
  return typeof size === 'number' ? [{ name: path.join('.'), isGiven, size: bounded(Math.ceil(size)) }] : [];
}
