import {
  getNamedType,
  isInputObjectType,
  type FieldNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
} from 'graphql';
import type { CostDirectives } from './directives.ts';
import { readIn, type Quantity } from './by-variables.ts';

/** An argument or an input field whose value costs something. */
export interface Input {
  readonly weight: number | undefined;
  /** Of its objects; undefined for a leaf, and for a list of leaves. */
  readonly fields: (() => ReadonlyMap<string, Input>) | undefined;
}

/** Undefined for an input that costs nothing: a leaf without a weight. */
export type InputOf = (type: GraphQLInputType, weight: number | undefined) => Input | undefined;

export function inputCosts({ weightOf }: CostDirectives): InputOf {
  const byType = new Map<string, ReadonlyMap<string, Input>>();

  function fieldsOf(type: GraphQLInputObjectType): ReadonlyMap<string, Input> {
    const known = byType.get(type.name) ?? new Map(entriesOf(type));
    byType.set(type.name, known);
    return known;
  }

  function entriesOf(type: GraphQLInputObjectType) {
    return Object.values(type.getFields()).flatMap((field) => {
      const input = inputOf(field.type, weightOf(field));
      return input ? [[field.name, input] as const] : [];
    });
  }

  const inputOf: InputOf = (given, weight) => {
    const type = getNamedType(given);
    if (isInputObjectType(type)) return { weight, fields: () => fieldsOf(type) };
    return weight === undefined ? undefined : { weight, fields: undefined };
  };
  return inputOf;
}

/** What each of the arguments that a field is given weighs; negative weights included. */
export function argumentWeights(
  { arguments: args = [] }: FieldNode,
  inputs: ReadonlyMap<string, Input>,
): readonly Quantity[] {
  return args.flatMap(({ name, value }) => {
    const input = inputs.get(name.value);
    return input ? [readIn(value, (given) => weigh(input, given))] : [];
  });
}

/**
 * A leaf, or a list of leaves, has the weight of its argument or input field, or none. An input object has it too, or
 * else 1, beside what its fields weigh; a list of input objects has all that they weigh. Not recursive, since a client
 * may nest values as deep as it likes.
 */
function weigh(input: Input, given: unknown): number {
  let total = 0;
  const ahead: (readonly [Input, unknown])[] = [[input, given]];
  for (let next = ahead.pop(); next; next = ahead.pop()) {
    const [one, value] = next;
    if (value === null || value === undefined) continue;
    const fields = one.fields?.();
    if (!fields) total += one.weight ?? 0;
    else if (Array.isArray(value)) for (const item of value) ahead.push([one, item]);
    else if (typeof value === 'object') {
      total += one.weight ?? 1;
      for (const [name, own] of Object.entries(value)) {
        const field = fields.get(name);
        if (field) ahead.push([field, own]);
      }
    }
  }
  return total;
}
