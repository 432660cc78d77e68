import { composeServices } from '@theguild/federation-composition';
import * as fc from 'fast-check';
import { Kind, parse, parseSchemaCoordinate, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { explainConflicts } from '../../plugins/composition/conflicts/index.ts';
import { compositionHints, type Hint } from '../../plugins/composition/hints.ts';

type Schemas = Readonly<Record<string, string>>;

const FEDERATION = 'https://specs.apollo.dev/federation/v2.9';
const V2 = `extend schema @link(url: "${FEDERATION}", import: ["@key", "@shareable", "@external", "@requires", "@override", "@context", "@fromContext"])`;

describe('types that differ but compose', () => {
  it('are told for a field, with the type that clients see', () => {
    const hints = hintsOf({
      a: 'type Query { x: [Int!]! @shareable }',
      b: 'type Query { x: [Int] @shareable }',
      c: 'type Query { x: [Int!]! @shareable }',
    });
    expect(hints).toEqual([
      {
        code: 'INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE',
        message:
          'The type of "Query.x" differs but is compatible: "[Int!]!" in subgraphs "a" and "c", "[Int]" in subgraph "b". The supergraph has "[Int]".',
        subgraphs: ['a', 'b', 'c'],
        coordinates: ['Query.x'],
      },
    ]);
  });

  it('are told for an interface or union and one of its types', () => {
    const types = 'interface I { x: Int } type A implements I { x: Int @shareable } union U = A';
    const hints = hintsOf({
      a: `type Query { i: I @shareable u: [U!] @shareable } ${types}`,
      b: `type Query { i: A! @shareable u: [A!] @shareable } ${types}`,
    });
    expect(summary(hints)).toEqual([
      ['INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE', ['Query.i'], ['a', 'b']],
      ['INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE', ['Query.u'], ['a', 'b']],
    ]);
    expect(hints.map((hint) => hint.message.match(/has "(.*)"\.$/)?.[1])).toEqual(['I', '[U!]']);
  });

  it('are told for arguments and input fields', () => {
    const hints = hintsOf({
      a: 'type Query { x(a: Int!, i: I): Int @shareable } input I { f: [Int!] }',
      b: 'type Query { x(a: Int, i: I): Int @shareable } input I { f: [Int!]! }',
    });
    expect(summary(hints)).toEqual([
      ['INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE', ['Query.x(a:)'], ['a', 'b']],
      ['INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE', ['I.f'], ['a', 'b']],
    ]);
    expect(hints[1]?.message).toContain('The supergraph has "[Int!]!".');
  });

  it('are not compared where a field is external or belongs to federation', () => {
    const entity = 'type T @key(fields: "id") { id: ID';
    expect(
      hintsOf({
        a: `type Query { t: T _entities: [_Entity]! } ${entity} f: Int } union _Entity = T`,
        b: `type Query { _entities: [_Entity] } ${entity} f: Int! @external g: Int @requires(fields: "f") } union _Entity`,
        c: 'type T @federation__external { id: ID! f: Int! }',
      }),
    ).toEqual([]);
  });

  it('compose into the type that the hint says, and only they have a hint', () => {
    const type = fc.constantFrom(
      'Int',
      'Int!',
      '[Int]',
      '[Int!]',
      '[Int]!',
      '[Int!]!',
      '[[Int]]',
      '[[Int!]]',
      '[[Int]!]',
      'ID',
    );
    fc.assert(
      fc.property(fc.array(type, { minLength: 2, maxLength: 3 }), fc.boolean(), (types, output) => {
        const schemas = types.map((one) =>
          output ? `type Query { x: ${one} @shareable }` : `type Query { x(a: ${one}): Int @shareable }`,
        );
        const { errors, field } = composedField(schemas);
        const hints = compositionHints(documents(Object.fromEntries(schemas.map((sdl, index) => [`s${index}`, sdl]))));
        const merged = hints[0]?.message.match(/The supergraph has "(.*)"\.$/)?.[1];
        const composes = errors === undefined && new Set(types).size > 1;
        expect(merged).toBe(composes ? (output ? field?.type : field?.argument) : undefined);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what some subgraphs leave out', () => {
  it('is told for optional arguments and input fields, which the supergraph drops', () => {
    const schemas = {
      a: 'type Query { x(a: Int, b: Int): Int @shareable i(i: I): Int } input I { a: Int b: Int }',
      b: 'type Query { x(b: Int): Int @shareable } input I { b: Int }',
    };
    const hints = hintsOf(schemas);
    expect(summary(hints)).toEqual([
      ['INCONSISTENT_ARGUMENT_PRESENCE', ['Query.x(a:)'], ['a', 'b']],
      ['INCONSISTENT_INPUT_OBJECT_FIELD', ['I.a'], ['a', 'b']],
    ]);
    expect(hints[0]?.message).toBe(
      'Argument "Query.x(a:)" is in subgraph "a" but not in subgraph "b". The supergraph leaves it out, so clients cannot send it.',
    );
    expect(publicSdl(schemas)).toMatch(/x\(b: Int\): Int[^]*input I \{\s+b: Int\s+\}/);
  });

  it('is no hint where it is a conflict or is taken from a context', () => {
    const user = 'type User @key(fields: "id") @context(name: "c") { id: ID! n: Int t: T @shareable }';
    expect(
      hintsOf({
        a: `type Query { x(a: Int!): Int @shareable } enum E { A B } input I { a: Int! e: E } type O { e: E }`,
        b: `type Query { x: Int @shareable } enum E { A } input I { e: E }`,
        c: `${user} type T @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$c { n }")): Int @shareable }`,
        d: 'type T @key(fields: "id") { id: ID! f: Int @shareable }',
      }),
    ).toEqual([]);
  });

  it('is told for enum values, by whether clients send or receive them', () => {
    const schemas = {
      a: 'type Query { x(e: In): Out } enum In { A B } enum Out { A B } enum Unused { A B }',
      b: 'extend enum In { A } extend enum Out { A } enum Unused { A }',
    };
    const hints = hintsOf(schemas);
    expect(summary(hints)).toEqual([
      ['INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM', ['In.B'], ['a', 'b']],
      ['INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM', ['Out.B'], ['a', 'b']],
      ['INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM', ['Unused.B'], ['a', 'b']],
    ]);
    expect(hints[0]?.message).toContain('leaves it out');
    expect(hints[1]?.message).toContain('has it');
    const merged = publicSdl(schemas).replaceAll(/\s+/g, ' ');
    expect(merged).toContain('enum In { A }');
    expect(merged).toContain('enum Out { A B }');
  });

  it('is told for union members', () => {
    const member = 'type A { x: Int @shareable }';
    const hints = hintsOf({
      a: `type Query { u: U } union U = A | B type B { x: Int } ${member}`,
      b: `union U = A ${member}`,
    });
    expect(summary(hints)).toEqual([['INCONSISTENT_UNION_MEMBER', ['U'], ['a', 'b']]]);
    expect(hints[0]?.message).toContain('"B" is a member of union "U" in subgraph "a" but not in subgraph "b"');
  });
});

describe('an @override', () => {
  const source = 'type Query { t: T } type T @key(fields: "id") { id: ID! f: Int g: Int @external }';
  const target = (applied: string, field = 'f: Int'): string =>
    `type T @key(fields: "id") { id: ID! ${field} ${applied} }`;

  it('from a subgraph that does not exist is told with the names that may be meant', () => {
    const [hint] = hintsOf({
      products: source,
      reviews: target('@override(from: "PRODUCT")'),
      users: 'type U { a: Int }',
    });
    expect(hint).toMatchObject({ code: 'FROM_SUBGRAPH_DOES_NOT_EXIST', subgraphs: ['reviews'], coordinates: ['T.f'] });
    expect(hint?.message).toBe(
      '"T.f" of subgraph "reviews" overrides subgraph "PRODUCT", which does not exist. Did you mean "products"?',
    );
    const [other] = hintsOf({ products: source, reviews: target('@override(from: "legacy")') });
    expect(other?.message).toMatch(/does not exist\.$/);
  });

  it('that has nothing to take over can be removed', () => {
    const code = 'OVERRIDE_DIRECTIVE_CAN_BE_REMOVED';
    const missing = hintsOf({ a: source, b: target('@override(from: "a")', 'n: Int') });
    const external = hintsOf({ a: source, b: target('@override(from: "a")', 'g: Int') });
    const otherType = hintsOf({ a: source, b: 'type N { n: Int @override(from: "a") }' });
    expect([missing, external, otherType].map(summary)).toEqual([
      [[code, ['T.n'], ['a', 'b']]],
      [[code, ['T.g'], ['a', 'b']]],
      [[code, ['N.n'], ['a', 'b']]],
    ]);
  });

  it('that has taken over makes the field it came from superfluous, unless that is still needed there', () => {
    const superfluous = hintsOf({ a: source, b: target('@override(from: "a")') });
    expect(summary(superfluous)).toEqual([['OVERRIDDEN_FIELD_CAN_BE_REMOVED', ['T.f'], ['a', 'b']]]);
    expect(superfluous[0]?.message).toMatch(/It can be removed there\.$/);
    const needed = [
      source.replace('f: Int', 'f: Int h: Int @requires(fields: "g f")'),
      source.replace('type T', 'interface I { f: Int } type T implements I'),
      source.replace('fields: "id"', 'fields: "id f"'),
    ].map((sdl) => hintsOf({ a: sdl, b: target('@override(from: "a")') }));
    for (const [hint] of needed) expect(hint?.message).toContain('still needed there');
  });

  it('with a label is a migration in progress', () => {
    const hints = hintsOf({ a: source, b: target('@override(from: "a", label: "percent(5)")') });
    expect(summary(hints)).toEqual([['OVERRIDE_MIGRATION_IN_PROGRESS', ['T.f'], ['a', 'b']]]);
  });

  it('is no hint where it is a conflict', () => {
    expect(hintsOf({ a: target('@override(from: "b")'), b: target('@override(from: "a")') })).toEqual([]);
    expect(hintsOf({ a: target('@override(from: "a")') })).toEqual([]);
  });

  it('is known by the name under which the subgraph links it, and by no other', () => {
    const linked = (imports: string, name: string): Hint[] =>
      hintsOf({
        a: 'type Query { x: Int }',
        b: `extend schema @link(url: "${FEDERATION}"${imports}) type Query { x: Int ${name}(from: "z") }`,
      });
    const codes = [
      linked('', '@federation__override'),
      linked(', import: ["@override"]', '@override'),
      linked(', import: [{ name: "@override", as: "@takeOver" }]', '@takeOver'),
      linked(', as: "fed"', '@fed__override'),
      linked(', import: [{ name: "@override", as: "@takeOver" }]', '@override'),
      linked('', '@override'),
    ].map((hints) => hints.length);
    expect(codes).toEqual([1, 1, 1, 1, 0, 0]);
    // Federation 1 has no @link.
    const plain = documents({ a: 'extend type Query { x: Int @override(from: "z") }' }, '');
    expect(compositionHints(plain)).toHaveLength(1);
  });
});

describe('the hints of a set of subgraphs', () => {
  const nullable = fc.constantFrom('Int', 'Int!');
  const subgraph = fc
    .record({
      type: nullable,
      argument: fc.option(nullable, { nil: '' }),
      field: fc.option(nullable, { nil: '' }),
      values: fc.subarray(['A', 'B', 'C'], { minLength: 1 }),
      members: fc.subarray(['M', 'N'], { minLength: 1 }),
      applied: fc.constantFrom(
        '',
        '@external',
        '@override(from: "s0")',
        '@override(from: "s1", label: "l")',
        '@override(from: "s9")',
      ),
      root: fc.constantFrom('Query', 'Root'),
    })
    .map(
      ({ type, argument, field, values, members, applied, root }) => `
        ${root === 'Root' ? 'schema { query: Root }' : ''}
        type ${root} { x${argument && `(a: ${argument})`}: ${type} @shareable e: E @shareable u: U @shareable }
        type T @key(fields: "id") { id: ID! f: Int ${applied} }
        input I { always: Int ${field && `a: ${field}`} }
        enum E { ${values.join(' ')} }
        union U = ${members.join(' | ')}
        ${members.map((name) => `type ${name} { a: Int @shareable }`).join(' ')}`,
    );

  it('are the same whatever the order of the subgraphs, and so are its conflicts', () => {
    fc.assert(
      fc.property(
        fc.array(subgraph, { minLength: 1, maxLength: 4 }).chain((sdls) => {
          const named = sdls.map((sdl, index): [string, string] => [`s${index}`, sdl]);
          return fc.tuple(fc.constant(named), fc.shuffledSubarray(named, { minLength: named.length }));
        }),
        ([one, other]) => {
          const first = documents(Object.fromEntries(one));
          const second = other.flatMap(([name]) => first.find((known) => known.name === name) ?? []);
          expect(compositionHints(second)).toEqual(compositionHints(first));
          // Composition itself is given them in one order: compose.ts sees to that.
          const errors = errorsOf(first);
          expect(explainConflicts(errors, second)).toEqual(explainConflicts(errors, first));
        },
      ),
    );
  });

  it('are sorted, and each names subgraphs and coordinates', () => {
    fc.assert(
      fc.property(fc.array(subgraph, { minLength: 2, maxLength: 3 }), (sdls) => {
        const hints = hintsOf(Object.fromEntries(sdls.map((sdl, index) => [`s${index}`, sdl])));
        expect(hints.map((hint) => hint.code)).toEqual(hints.map((hint) => hint.code).toSorted());
        for (const { subgraphs, coordinates, message } of hints) {
          expect(new Set(subgraphs).size).toBe(subgraphs.length);
          expect(subgraphs).toEqual(subgraphs.toSorted());
          expect(coordinates.map((one) => parseSchemaCoordinate(one).kind)).toHaveLength(1);
          expect(message).toMatch(/^["A-Z].*[.?]$/);
        }
      }),
    );
  });
});

/** The library throws where overrides form a chain; there are no errors to explain then. */
function errorsOf(subgraphs: Parameters<typeof composeServices>[0]) {
  try {
    return composeServices(subgraphs).errors ?? [];
  } catch {
    return [];
  }
}

function hintsOf(schemas: Schemas): Hint[] {
  return [...compositionHints(documents(schemas))];
}

function documents(schemas: Schemas, header = V2) {
  return Object.entries(schemas).map(([name, sdl]) => ({
    name,
    url: 'http://localhost',
    typeDefs: parse(sdl.includes('@link') ? sdl : `${header} ${sdl}`, { noLocation: true }),
  }));
}

function summary(hints: readonly Hint[]) {
  return hints.map(({ code, coordinates, subgraphs }) => [code, coordinates, subgraphs]);
}

function publicSdl(schemas: Schemas): string {
  const composed = composeServices(documents(schemas));
  if (composed.errors) throw new AggregateError(composed.errors);
  return composed.publicSdl;
}

/** The types of `Query.x` and its argument in the supergraph. */
function composedField(sdls: readonly string[]) {
  const composed = composeServices(documents(Object.fromEntries(sdls.map((sdl, index) => [`s${index}`, sdl]))));
  if (composed.errors) return { errors: composed.errors };
  for (const node of parse(composed.publicSdl).definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const field = node.fields?.find(({ name }) => name.value === 'x');
    const [argument] = field?.arguments ?? [];
    if (field) return { field: { type: print(field.type), argument: argument && print(argument.type) } };
  }
  throw new Error('Query.x is not in the supergraph');
}
