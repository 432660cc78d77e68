import * as fc from 'fast-check';
import { buildSchema, parse, validate, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { keyedHash, redaction, sanitizer, type RedactionMode } from '../../../plugins/audit/sanitize/index.ts';

// What of variables gets into a record: held against a plain model of what may, on generated types, with values that can
// be told from all others.

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);
const DIRECTIVE = 'directive @sensitive on ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | FIELD_DEFINITION\n';

const LEAVES = ['String', 'Int', 'Float', 'ID', 'Boolean', 'Mood', 'JSON'] as const;
type Leaf = (typeof LEAVES)[number];

interface FieldModel {
  readonly name: string;
  /** A leaf, or the number of an input type. */
  readonly of: Leaf | number;
  readonly lists: number;
  readonly isSensitive: boolean;
  readonly isAllowed: boolean;
}

interface Model {
  /** Fields of the input types `T0`, `T1`, ... */
  readonly types: readonly (readonly FieldModel[])[];
  /** Arguments of `Query.f`, each given by a variable. */
  readonly args: readonly FieldModel[];
}

const TYPES = 3;
/** Half of the names are taken for those of secrets. */
const NAMES = ['one', 'two', 'sku', 'password', 'apiKey', 'clientPin'];
const SECRET_NAMES = new Set(['password', 'apiKey', 'clientPin']);

const field = (name: string): fc.Arbitrary<FieldModel> =>
  fc.record({
    name: fc.constant(name),
    of: fc.oneof(fc.constantFrom(...LEAVES), fc.nat(TYPES - 1)),
    lists: fc.nat(2),
    isSensitive: fc.nat(3).map((number) => number === 0),
    isAllowed: fc.boolean(),
  });
const fields = fc
  .uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 })
  .chain((names) => fc.tuple(...names.map(field)));
const models: fc.Arbitrary<Model> = fc.record({
  types: fc.tuple(...Array.from({ length: TYPES }, () => fields)),
  args: fields,
});

const typeText = ({ of, lists }: FieldModel): string =>
  `${'['.repeat(lists)}${typeof of === 'number' ? `T${of}` : of}${']'.repeat(lists)}`;
const declaration = (own: FieldModel): string => `${own.name}: ${typeText(own)}${own.isSensitive ? ' @sensitive' : ''}`;

function schemaOf({ types, args }: Model): GraphQLSchema {
  const inputs = types.map((own, number) => `input T${number} { ${own.map(declaration).join(' ')} }`);
  return buildSchema(
    `${DIRECTIVE} scalar JSON enum Mood { CANARY_GOOD CANARY_BAD } ${inputs.join('\n')} type Query { f(${args.map(declaration).join(', ')}): Int }`,
  );
}

const queryOf = ({ args }: Model): string =>
  `query (${args.map((own) => `$${own.name}: ${typeText(own)}`).join(', ')}) { f(${args.map(({ name }) => `${name}: $${name}`).join(', ')}) }`;

function allowOf({ types, args }: Model): ReadonlySet<string> {
  const allowed = (of: string, own: readonly FieldModel[], write: (name: string) => string): string[] =>
    own.flatMap(({ name, isAllowed }) => (isAllowed ? [`${of}.${write(name)}`] : []));
  return new Set([
    ...types.flatMap((own, number) => allowed(`T${number}`, own, (name) => name)),
    ...allowed('Query', args, (name) => `f(${name}:)`),
  ]);
}

/** Values for the variables, and which of what is in them may be written. Each leaf is another. */
function valuesOf(
  model: Model,
  random: () => number,
): { values: Record<string, unknown>; may: Set<string>; all: Set<string> } {
  const may = new Set<string>();
  const all = new Set<string>();
  let count = 0;

  function canary(mayBeWritten: boolean): string {
    const text = `canary${count++}x`;
    all.add(text);
    if (mayBeWritten) may.add(text);
    return text;
  }

  function leaf(of: Leaf, isAllowed: boolean): unknown {
    const isOfType = random() < 0.8;
    switch (of) {
      case 'String':
      case 'ID':
        return isOfType ? canary(isAllowed) : { [canary(false)]: canary(false) };
      case 'Int':
      case 'Float': {
        if (!isOfType) return canary(false);
        const number = 1_000_000 + count++;
        all.add(String(number));
        if (isAllowed) may.add(String(number));
        return number;
      }
      case 'Boolean':
        return isOfType ? random() < 0.5 : canary(false);
      case 'Mood':
        all.add('CANARY_GOOD').add('CANARY_BAD');
        if (isAllowed && isOfType) may.add('CANARY_GOOD');
        return isOfType ? 'CANARY_GOOD' : canary(false);
      case 'JSON':
        return isOfType ? { [canary(isAllowed)]: [canary(isAllowed)] } : { [canary(false)]: 'someone@example.com' };
    }
  }

  function value(own: FieldModel, lists: number, isOpen: boolean, depth: number): unknown {
    const { of } = own;
    // Of a wrong type, but for a scalar that takes anything.
    const takesAll = of === 'JSON' && isOpen && own.isAllowed;
    if (random() < 0.1) return { [canary(takesAll)]: canary(takesAll) };
    if (lists > 0)
      return Array.from({ length: 1 + Math.floor(random() * 2) }, () => value(own, lists - 1, isOpen, depth));
    if (typeof of !== 'number') return leaf(of, isOpen && own.isAllowed);
    if (depth > 2) return null;
    return object(model.types[of] ?? [], isOpen, depth);
  }

  function object(own: readonly FieldModel[], isOpen: boolean, depth: number): Record<string, unknown> {
    const given: Record<string, unknown> = random() < 0.3 ? { [canary(false)]: canary(false) } : {};
    for (const one of own) {
      if (random() < 0.2) continue;
      const isClosed = one.isSensitive || SECRET_NAMES.has(one.name);
      given[one.name] = value(one, one.lists, isOpen && !isClosed, depth + 1);
    }
    return given;
  }

  return { values: object(model.args, true, 0), may, all };
}

function compiled(
  schema: GraphQLSchema,
  query: string,
  allow: ReadonlySet<string>,
  mode: RedactionMode = 'mask',
  clientNames = true,
) {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const redact = redaction(mode, keyedHash(Buffer.alloc(32), 'value'));
  const operation = document.definitions[0] as OperationDefinitionNode;
  return sanitizer({ allow, names: [], values: [], redact, clientNames }).compile(schema, document, operation);
}

test('nothing is written but what is allowed, whatever the types and the values are', () => {
  let written = 0;
  fc.assert(
    fc.property(models, fc.infiniteStream(fc.nat(999)), (model, stream) => {
      const random = (): number => (stream.next().value as number) / 1_000;
      const { values, may, all } = valuesOf(model, random);
      for (const mode of ['mask', 'hash', 'drop'] as const) {
        const text = JSON.stringify(compiled(schemaOf(model), queryOf(model), allowOf(model), mode)(values));
        for (const value of all) {
          // An allowed custom scalar as a whole can be left out by one of its parts.
          if (text.includes(value)) expect(may).toContain(value);
        }
        if (mode === 'mask') written += [...may].filter((value) => text.includes(value)).length;
      }
    }),
    { numRuns: RUNS },
  );
  expect(written).toBeGreaterThan(RUNS / 10);
}, 120_000);

const SCHEMA = buildSchema(`${DIRECTIVE}
  scalar JSON
  interface Named { find(by: String @sensitive): String }
  type Query implements Named {
    find(by: String, note: String, id: ID, any: JSON, on: Boolean): String
    hidden(by: String): String @sensitive
    in(input: Input): Int
  }
  input Input { note: String, count: Int, inner: Input, code: String @sensitive, list: [String!] }`);
const ALL = new Set([
  'Query.find(by:)',
  'Query.find(note:)',
  'Query.find(id:)',
  'Query.find(any:)',
  'Query.hidden(by:)',
  'Query.in(input:)',
  'Input.note',
  'Input.count',
  'Input.code',
  'Input.list',
  '@include(if:)',
]);
const written = (query: string, variables: unknown, allow: ReadonlySet<string> = ALL, mode?: RedactionMode) =>
  compiled(SCHEMA, query, allow, mode)(variables);
const note = (text: unknown) => written('query ($note: String) { find(note: $note) }', { note: text }).note;

describe('what is allowed is redacted all the same', () => {
  test.each([
    ['an email', 'to ada@example.com, please'],
    ['an email in full-width signs', 'ada＠example．com'],
    ['a card number', 'card 4111 1111 1111 1111.'],
    ['a card number with dashes', '4111-1111-1111-1111'],
    ['a card number without spaces', '378282246310005'],
    ['a card number among others', 'no 12 4111 1111 1111 1111 of 99'],
    ['a token', `Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln`],
    ['a long text', 'a'.repeat(257)],
  ])('when it has %s', (_, text) => {
    expect(note(text)).toBe('[String]');
  });

  test('and what looks like it and is not, is written', () => {
    for (const text of ['4111 1111 1111 1112', '41111111111111111111111', 'a@b', 'a note', ''])
      expect(note(text)).toBe(text);
  });

  test('when it is a number that is a card number', () => {
    expect(written('query ($id: ID) { find(id: $id) }', { id: 4111111111111111 })).toEqual({ id: '[ID]' });
  });

  test('where any of its places is sensitive, also by an interface, or is not allowed', () => {
    expect(written('query ($v: String) { find(by: $v) }', { v: 'x' })).toEqual({ v: '[String]' });
    expect(written('query ($v: String) { hidden(by: $v) }', { v: 'x' })).toEqual({ v: '[String]' });
    expect(written('query ($v: String) { in(input: { code: $v }) }', { v: 'x' })).toEqual({ v: '[String]' });
    expect(written('query ($v: String) { find(note: $v) in(input: { note: $v }) }', { v: 'x' })).toEqual({ v: 'x' });
    expect(written('query ($v: String) { find(note: $v) in(input: { inner: { code: $v } }) }', { v: 'x' })).toEqual({
      v: '[String]',
    });
    const query = 'query ($v: Boolean!) { find(note: "") @include(if: $v) }';
    expect(written(query, { v: true })).toEqual({ v: true });
    expect(written(query.replace('note: ""', 'note: "", on: $v'), { v: true })).toEqual({ v: '[Boolean]' });
  });

  test('where its place is in a fragment', () => {
    expect(
      written('query ($v: String) { ...F find(note: $v) } fragment F on Query { hidden(by: $v) }', { v: 'x' }),
    ).toEqual({ v: '[String]' });
  });

  test('when a scalar of the schema has one such part, or one such name', () => {
    const any = (value: unknown) => written('query ($any: JSON) { find(any: $any) }', { any: value }).any;
    expect(any({ a: ['b', 1, null, { c: true }] })).toEqual({ a: ['b', 1, null, { c: true }] });
    for (const value of [{ a: ['ada@example.com'] }, { password: 'x' }, { 'ada@example.com': 1 }, 'a'.repeat(300)]) {
      expect(any(value)).toBe('[JSON]');
    }
    expect(any(Array.from({ length: 60 }, () => 1))).toBe('[JSON]');
    expect(any(JSON.parse('['.repeat(20) + ']'.repeat(20)))).toBe('[JSON]');
  });
});

test('what is not declared is counted, and its names are not written', () => {
  const query = 'query ($i: Input) { in(input: $i) }';
  expect(written(query, { i: { note: 'n', canary: 1 }, canary: 2, canary2: 3 })).toEqual({
    i: { note: 'n', '+': 1 },
    '+': 2,
  });
});

test('lists, depth and size are bounded', () => {
  const query = 'query ($i: Input) { in(input: $i) }';
  const many = written(query, { i: { list: Array.from({ length: 1_000 }, (_, index) => `item ${index}`) } });
  expect((many.i as { list: unknown[] }).list.slice(-2)).toEqual(['item 19', { '+': 980 }]);
  let deep: object = { note: 'deepest' };
  for (let i = 0; i < 10_000; i++) deep = { inner: deep };
  expect(JSON.stringify(written(query, { i: deep }))).toMatch(/^.{50,200}$/);
  expect(JSON.stringify(written(query, { i: deep }, ALL, 'drop'))).not.toContain('deepest');
});

test.each([null, undefined, 'text', 7, [], ['x'], Object.create(null)])(
  '%j for variables is no variables',
  (variables) => {
    expect(written('query ($note: String) { find(note: $note) }', variables)).toEqual({});
  },
);

test('with hash, equal values are equal and others are not; another key gives others', () => {
  const hashed = (key: number, value: string) =>
    redaction('hash', keyedHash(Buffer.alloc(32, key), 'value'))('String', value);
  expect(hashed(1, 'a')).toBe(hashed(1, 'a'));
  expect(hashed(1, 'a')).toMatch(/^\[String [\w-]{22}\]$/);
  expect(new Set([hashed(1, 'a'), hashed(1, 'b'), hashed(2, 'a')]).size).toBe(3);
});

test('the names that a client gave its variables are written where that is wanted, and their places where not', () => {
  const schema = buildSchema('type Query { a(one: Int, two: String): Int }');
  const query = 'query ($first: Int, $second: String) { a(one: $first, two: $second) }';
  const given = { second: 'text', first: 1, undeclared: 1 };
  const allow = new Set(['Query.a(one:)']);
  expect(compiled(schema, query, allow)(given)).toEqual({ first: 1, second: '[String]', '+': 1 });
  expect(compiled(schema, query, allow, 'mask', false)(given)).toEqual({ $1: 1, $2: '[String]', '+': 1 });
});
