import fc from 'fast-check';
import { buildSchema, getVariableValues, GraphQLError, parse, validate, type OperationDefinitionNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { inputNames } from '../../plugins/client-errors/input-names.ts';
import { withoutValues } from '../../plugins/client-errors/without-values.ts';

const schema = buildSchema(`
  type Query { a(int: Int, color: Color, input: Input, list: [Int!], id: ID): Int b: String }
  type Subscription { a: Int b: Int }
  input Input { int: Int! inner: Input color: Color list: [Input!] }
  enum Color { RED GREEN }
`);
const names = inputNames(schema);
const isKnown = (name: string): boolean => names.has(name);
const CANARY = 'canary';

function errorsOf(query: string, variables: Record<string, unknown> = {}): readonly GraphQLError[] {
  try {
    const document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    const [operation] = document.definitions as OperationDefinitionNode[];
    return getVariableValues(schema, operation?.variableDefinitions ?? [], variables).errors ?? [];
  } catch (error) {
    return [error as GraphQLError];
  }
}

const quiet = (query: string, variables?: Record<string, unknown>): readonly string[] =>
  errorsOf(query, variables).map((error) => withoutValues(error, isKnown).message);

describe('a client is told what is wrong, and not its own value', () => {
  test.each([
    ['{ a(int: "canary") }', {}, 'Int cannot represent non-integer value: the value'],
    ['{ a(color: canary) }', {}, 'Value "the value" does not exist in "Color" enum.'],
    ['{ a(list: [1, "canary"]) }', {}, 'Int cannot represent non-integer value: the value'],
    ['{ b(', {}, 'Syntax Error: Expected Name, found <EOF>.'],
    ['{ "canary" }', {}, 'Syntax Error: Expected Name, found String.'],
    ['query canary { ', {}, 'Syntax Error: Expected Name, found <EOF>.'],
    ['query A canary', {}, 'Syntax Error: Expected "{", found Name.'],
    ['query canary($x: Int) { b }', {}, 'Variable "$x" is never used in the operation.'],
    ['query canary { a(int: $x) }', {}, 'Variable "$x" is not defined by the operation.'],
    ['query canary { b } query canary { b }', {}, 'There can be only one operation of a name.'],
    ['subscription canary { a b }', {}, 'The subscription must select only one top level field.'],
    [
      '{ canary: a canary: b }',
      {},
      'Fields conflict because "a" and "b" are different fields. Use different aliases on the fields to fetch both if this was intentional.',
    ],
    ['query ($x: Int) { a(int: $x) }', { x: 'canary' }, 'Variable "$x" got an invalid value.'],
    [
      'query ($x: Color) { a(color: $x) }',
      { x: 'canary' },
      'Variable "$x" got an invalid value; it is not in the enum "Color".',
    ],
    [
      'query ($x: Input) { a(input: $x) }',
      { x: { int: 1, inner: { inner: { int: 1 } } } },
      'Variable "$x" got an invalid value at "x.inner"; field "int" of required type "Int!" was not provided.',
    ],
    [
      'query ($x: Input) { a(input: $x) }',
      { x: { int: 1, list: [{ int: 1, canary: 1 }] } },
      'Variable "$x" got an invalid value at "x.list[0]"; it has a field that is not defined by type "Input".',
    ],
    [
      'query ($x: Input) { a(input: $x) }',
      { x: 'canary' },
      'Variable "$x" got an invalid value; expected type "Input".',
    ],
    ['{ nothing }', {}, 'Cannot query field "nothing" on type "Query".'],
  ])('%s with %j', (query, variables, message) => {
    expect(quiet(query, variables)).toEqual([message]);
  });
});

test('where it was wrong is told as before', () => {
  const [error] = errorsOf('{ a(int: "canary") }');
  if (!error) throw new Error('it is valid');
  expect(withoutValues(error, isKnown).locations).toEqual(error.locations);
});

test('a piece of a broken body is not told', () => {
  const error = new GraphQLError('POST body sent invalid JSON.', {
    extensions: { code: 'BAD_REQUEST', originalError: { message: 'Unexpected token canary' } },
  });
  expect(withoutValues(error, isKnown).extensions).toEqual({
    code: 'BAD_REQUEST',
    originalError: { name: 'SyntaxError' },
  });
});

test('whatever is sent as a variable, none of its text is in the message', () => {
  const leaf = fc.oneof(
    fc.constant(CANARY),
    // Texts that look like what stands around them in a message.
    fc.constantFrom(
      `"; Expected type "${CANARY}"`,
      `at "x.${CANARY}"; `,
      `; Field "${CANARY}" of required type "Int!" was not provided`,
      `\n; ${CANARY} in "Color" enum`,
    ),
    fc.string().map((text) => `${CANARY}${text}`),
  );
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value')),
      fc.dictionary(fc.constantFrom('int', 'inner', 'list', 'color', CANARY), tie('value')),
    ),
  })).value;
  const types = fc.constantFrom('Int', 'Color', 'Input', '[Int!]', 'ID');
  const argument: Record<string, string> = { Int: 'int', Color: 'color', Input: 'input', '[Int!]': 'list', ID: 'id' };
  fc.assert(
    fc.property(types, value, (type, x) => {
      const told = quiet(`query ($x: ${type}) { a(${argument[type]}: $x) }`, { x });
      for (const message of told) expect(message).not.toContain(CANARY);
    }),
  );
});
