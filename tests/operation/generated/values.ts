import { getNullableType, isEnumType, isInputObjectType, isListType, type GraphQLInputType } from 'graphql';
import type { Random } from './random.ts';

/** Literals of the schema's own scalar that JSON does not carry as they are. */
export const NO_JSON = /\b(1\.50|9007199254740993|NAME)\b/;

/** A value as a document has it; one item for a list too. */
export function literalFor(given: GraphQLInputType, random: Random, depth: number): string {
  const type = getNullableType(given);
  if (isListType(type)) return literalFor(type.ofType, random, depth);
  if (isInputObjectType(type)) return depth > 0 ? `{ a: ${random.int(3)} }` : '{}';
  if (isEnumType(type)) return random.pick(['RED', 'GREEN', 'BLUE']);
  const literals: Record<string, readonly [string, ...string[]]> = {
    Int: ['-1', '0', '1'],
    Float: ['1', '1.0', '1.5', '-2e3'],
    Boolean: ['true', 'false'],
    ID: ['"1"', '1', '"x"'],
    Any: ['"a"', '1', '1.5', '1.50', 'NAME', '{ k: "v", i: [1] }', '9007199254740993', '[true]'],
  };
  return random.pick(literals[type.name] ?? ['"a"', '"b # c"', '""']);
}

/** A value as a request's variables have it. */
export function jsonFor(given: GraphQLInputType, random: Random): unknown {
  const type = getNullableType(given);
  if (isListType(type)) {
    if (random.chance(0.2)) return jsonFor(type.ofType, random);
    return Array.from({ length: random.int(3) }, () => jsonFor(type.ofType, random));
  }
  if (isInputObjectType(type)) {
    return random.pick<unknown>([{}, { a: 1 }, { b: 'one', a: 2 }, { ids: 7, d: 'BLUE' }, { any: [{}] }]);
  }
  if (isEnumType(type)) return random.pick(['RED', 'GREEN', 'BLUE']);
  const values: Record<string, readonly [unknown, ...unknown[]]> = {
    Int: [0, 1, 2],
    Float: [1, 1.5],
    Boolean: [true, false],
    ID: [1, '1', 'x'],
    Any: ['a', 1, { k: 'v', i: [1] }],
  };
  return random.pick(values[type.name] ?? ['a', 'b # c']);
}
