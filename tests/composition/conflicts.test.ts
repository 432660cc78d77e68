import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeServices } from '@theguild/federation-composition';
import * as fc from 'fast-check';
import { GraphQLError, parse, parseSchemaCoordinate } from 'graphql';
import { describe, expect, it } from 'vitest';
import {
  conflictId,
  explainConflicts,
  formatConflict,
  syntaxConflict,
  type Conflict,
} from '../../plugins/composition/conflicts/index.ts';
import { WAYS_OUT } from '../../plugins/composition/conflicts/ways-out.ts';

type Schemas = Readonly<Record<string, string>>;

const DIRECTIVES =
  'key requires provides external shareable override inaccessible tag composeDirective interfaceObject authenticated ' +
  'requiresScopes policy context fromContext cost listSize';
const V2 = link('v2.9', DIRECTIVES);

/** A line `CODE | subgraphs | coordinates`, then the subgraphs that give that conflict. They `@link` all of v2.9 unless they `@link` something. */
const CASES = readCases(`
INVALID_FIELD_SHARING | a b | P.name
  a: type Query { p: P } type P @key(fields: "id") { id: ID name: String }
  b: type P @key(fields: "id") { id: ID name: String }
INVALID_FIELD_SHARING | a b c | N.name P.name
  a: type Query { p: P } interface N @key(fields: "id") { id: ID! name: String } type P implements N @key(fields: "id") { id: ID! name: String }
  b: type N @interfaceObject @key(fields: "id") { id: ID! name: String }
  c: type N @interfaceObject @key(fields: "id") { id: ID! name: String }
INVALID_FIELD_SHARING | a b | Subscription.s
  a: type Query { q: Int @shareable } type Subscription { s: Int }
  b: schema { query: Query subscription: S } type Query { q: Int @shareable } type S { s: Int t: Int }
FIELD_TYPE_MISMATCH | Query a c | Query.x
  Query: type Query { x: Int @shareable }
  a: schema { query: Root } type Root { x: T @shareable } type T { t: Int @shareable }
  b: type T { t: Int @shareable }
  c: type Query { x: Int @shareable }
FIELD_TYPE_MISMATCH | a b | I.a
  a: type Query { x(i: I): Int @shareable } input I { a: Int }
  b: type Query { x(i: I): Int @shareable } input I { a: String }
FIELD_ARGUMENT_TYPE_MISMATCH | a b | Query.x(i:)
  a: type Query { x(i: Int): Int @shareable }
  b: type Query { x(i: ID): Int @shareable }
FIELD_ARGUMENT_TYPE_MISMATCH | a b | @x(a:)
  a: type Query { q: Int } directive @x(a: Int) on FIELD
  b: type Query { r: Int } directive @x(a: String) on FIELD
FIELD_ARGUMENT_DEFAULT_MISMATCH | a b | Query.x(i:)
  a: type Query { x(i: String = "Query"): Int @shareable }
  b: type Query { x(i: String = "x"): Int @shareable }
INPUT_FIELD_DEFAULT_MISMATCH | a b | I.a
  a: type Query { x(i: I): Int @shareable } input I { a: String = "x" }
  b: type Query { x(i: I): Int @shareable } input I { a: String = "y" }
TYPE_KIND_MISMATCH | T a b | T
  T: type Query { x: T } type T { a: Int @shareable }
  a: type Query { y: T } enum T { A }
  b: type T { a: Int @shareable }
NO_QUERIES | a b |
  a: type A { b: Int }
  b: type B { b: Int }
EXTENSION_WITH_NO_BASE | b | T
  a: type Query { q: Int }
  b: extend type T { a: Int }
ENUM_VALUE_MISMATCH | a b | E.B
  a: type Query { x(e: E): E } enum E { A B }
  b: type Query { y(e: E): E } enum E { A }
EMPTY_MERGED_ENUM_TYPE | a b | E
  a: type Query { x(e: E): Int } enum E { A }
  b: type Query { y(e: E): Int } enum E { B }
EMPTY_MERGED_INPUT_TYPE | a b | I
  a: type Query { x(i: I): Int } input I { a: Int }
  b: type Query { y(i: I): Int } input I { b: Int }
REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH | a b c | Query.x(a:)
  a: type Query { x(a: Int!): Int @shareable }
  b: type Query { x: Int @shareable }
  c: type Query { x: Int @shareable }
REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH | a b | I.a
  a: type Query { x(i: I): Int @shareable } input I { a: Int! b: Int }
  b: type Query { x(i: I): Int @shareable } input I { b: Int }
EXTERNAL_ARGUMENT_MISSING | a b | T.f(a:)
  a: type Query { t: T } type T @key(fields: "id") { id: ID f(a: Int): Int }
  b: type T @key(fields: "id") { id: ID f: Int @external g: Int @requires(fields: "f") }
EXTERNAL_MISSING_ON_BASE | a b | T.f
  a: type Query { t: T } type T @key(fields: "id") { id: ID f: Int @external g: Int @requires(fields: "f") }
  b: type T @key(fields: "id") { id: ID f: Int @external h: Int @requires(fields: "f") }
EXTERNAL_TYPE_MISMATCH | a b | T.f
  a: type Query { t: T } type T @key(fields: "id") { id: ID f: Int }
  b: type T @key(fields: "id") { id: ID f: String @external g: Int @requires(fields: "f") }
EXTERNAL_UNUSED | b c | T.f
  a: type Query { t: T } type T @key(fields: "id") { id: ID f: Int }
  b: type T @key(fields: "id") { id: ID f: Int @external }
  c: type T @key(fields: "id") { id: ID f: Int @external }
INTERFACE_FIELD_NO_IMPLEM | a b | I.g U
  a: type Query { t: I } interface I { f: Int g: Int } type T implements I { f: Int @shareable g: Int }
  b: interface I { f: Int } type U implements I { f: Int }
INTERFACE_KEY_NOT_ON_IMPLEMENTATION | a | I T
  a: type Query { t: I } interface I @key(fields: "id") { id: ID! } type T implements I { id: ID! }
INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE | a | I U
  a: type Query { t: I } interface I @key(fields: "id") { id: ID! }
  b: interface I @key(fields: "id") { id: ID! } type U implements I @key(fields: "id") { id: ID! }
INTERFACE_OBJECT_USAGE_ERROR | a | I
  a: type Query { t: I } type I @interfaceObject { id: ID! }
IMPLEMENTED_BY_INACCESSIBLE | a | I.f T.f
  a: type Query { t: T } interface I { f: Int g: Int } type T implements I { f: Int @inaccessible g: Int }
REFERENCED_INACCESSIBLE | a b | I Query.y(i:)
  a: type Query { y(i: I): Int } input I @inaccessible { a: Int }
  b: input I @inaccessible { a: Int }
ONLY_INACCESSIBLE_CHILDREN | a | E
  a: type Query { x: Int } enum E { A @inaccessible }
REQUIRED_INACCESSIBLE | a | Query.x(a:)
  a: type Query { x(a: Int! @inaccessible): Int }
DEFAULT_VALUE_USES_INACCESSIBLE | a | E.A Query.x(a:)
  a: type Query { x(a: E = A): Int } enum E { A @inaccessible B }
QUERY_ROOT_TYPE_INACCESSIBLE | a | Query
  a: type Query @inaccessible { x: Int }
KEY_INVALID_FIELDS | a | P
  a: type Query { p: P } type P @key(fields: "nope") { id: ID }
KEY_FIELDS_HAS_ARGS | a | P.f
  a: type Query { p: P } type P @key(fields: "f") { f(a: Int): Int }
KEY_FIELDS_SELECT_INVALID_TYPE | a | P.i
  a: type Query { p: P } type P @key(fields: "i { a }") { i: I } interface I { a: Int } type A implements I { a: Int }
KEY_INVALID_FIELDS_TYPE | a | P
  a: type Query { p: P } type P @key(fields: 1) { id: ID }
KEY_UNSUPPORTED_ON_INTERFACE | a | P
  a: extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key"]) type Query { p: P } interface P @key(fields: "id") { id: ID }
REQUIRES_FIELDS_MISSING_EXTERNAL | a | P.x P.y
  a: type Query { p: P } type P @key(fields: "id") { id: ID y: Int x: Int @requires(fields: "y") }
REQUIRES_INVALID_FIELDS | a | P.x
  a: type Query { p: P } type P @key(fields: "id") { id: ID x: Int @requires(fields: "P") }
PROVIDES_ON_NON_OBJECT_FIELD | a | Query.s
  a: type Query { s: Int @provides(fields: "id") }
OVERRIDE_FROM_SELF_ERROR | a | Query.x
  a: type Query { x: Int @override(from: "a") }
OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE | a b | T.x
  a: type Query { t: T } type T @key(fields: "id") { id: ID r: Int x: Int @override(from: "b", label: "l") }
  b: type T @key(fields: "id") { id: ID r: Int @external x: Int @requires(fields: "r") }
OVERRIDE_SOURCE_HAS_OVERRIDE | a b | Query.x
  a: type Query { x: Int @override(from: "b") }
  b: type Query { x: Int @override(from: "a") }
MISSING_TRANSITIVE_AUTH_REQUIREMENTS | b | P.s P.x
  a: type Query { p: P } type P @key(fields: "id") { id: ID s: Int @authenticated }
  b: type P @key(fields: "id") { id: ID s: Int @external x: Int @requires(fields: "s") }
COST_APPLIED_TO_INTERFACE_FIELD | a | P.d(x:)
  a: type Query { p: P } interface P { d(x: Int @cost(weight: 1)): Int }
LIST_SIZE_INVALID_SLICING_ARGUMENT | a | Query.m(a:)
  a: type Query { m(a: String): [Int] @listSize(slicingArguments: ["a"]) }
CONTEXT_NOT_SET | a | T.x(a:)
  a: type Query { t: T } type T @key(fields: "id") { id: ID x(a: Int @fromContext(field: "$T { n }")): Int }
INVALID_LINK_DIRECTIVE_USAGE | a | @nope
  a: extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@nope"]) type Query { a: Int }
UNKNOWN_FEDERATION_LINK_VERSION | a |
  a: extend schema @link(url: "https://specs.apollo.dev/federation/v2.99") type Query { a: Int }
LINK_IMPORT_NAME_MISMATCH | a b | @cost @price
  a: type Query { a: Int @cost(weight: 1) }
  b: extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@cost", as: "@price" }]) type Query { b: Int @price(weight: 1) }
DIRECTIVE_COMPOSITION_ERROR | a b |
  a: extend schema @link(url: "https://x.dev/x/v1.0", import: ["@x"]) type Query { a: Int }
  b: extend schema @link(url: "https://x.dev/x/v2.0", import: ["@x"]) type Query { b: Int }
DIRECTIVE_DEFINITION_INVALID | a | @key(fields:)
  a: type Query { a: Int } directive @key(fields: Int!) on OBJECT
ROOT_QUERY_USED | a | Q Query
  a: schema { query: Q } type Q { a: Int } type Query { b: Int }
INVALID_GRAPHQL | a | Query.t
  a: type Query { t: Nope }
INVALID_GRAPHQL | a | Query.u(x:)
  a: type Query { u(x: Int @nope): Int }
INVALID_GRAPHQL | a | I.f T
  a: type Query { t: T } interface I { f: Int } type T implements I { g: Int }
INVALID_GRAPHQL | a | In
  a: type Query { u: Int } input In
INVALID_GRAPHQL | a | Loop.in
  a: type Query { u: Int } input Loop { in: Loop! }
SATISFIABILITY_ERROR | a b | A.r
  a: type Query { a: A } type A { id: ID @shareable }
  b: type Query { b: A } type A { id: ID @shareable r: Int }
SATISFIABILITY_ERROR | a b | A.r
  a: schema { query: Root } type Root { n(a: String!, i: I): N } input I { x: Int! } interface N { id: ID } type A implements N @key(fields: "id") { id: ID }
  b: type A @key(fields: "uid") { uid: ID r: R } type R { a: Int }
`);

describe('every code of the composition library', () => {
  it('has a way out', () => {
    const codes = codesOfLibrary();
    expect(codes.length).toBeGreaterThan(70);
    expect(codes.filter((code) => !Object.hasOwn(WAYS_OUT, code))).toEqual([]);
  });
});

describe('a conflict says which subgraphs and coordinates are involved', () => {
  it.each(CASES)('$code: $coordinates in $subgraphs', ({ code, subgraphs, coordinates, schemas }) => {
    const conflicts = conflictsOf(schemas);
    const found = conflicts.filter((conflict) => conflict.code === code).map((one) => [one.subgraphs, one.coordinates]);
    expect(found).toContainEqual([subgraphs, coordinates]);
    for (const conflict of conflicts) {
      expect(conflict.hint).toMatch(/^\S.{15,}\S$/);
      expect(conflict.hint).not.toMatch(/undefined|the subgraphs involved/);
      expect(conflict.message).not.toMatch(/^\[/);
      expect(() => conflict.coordinates.map((coordinate) => parseSchemaCoordinate(coordinate))).not.toThrow();
      expect(Object.keys(schemas)).toEqual(expect.arrayContaining([...conflict.subgraphs]));
    }
  });

  it('in a hint, too', () => {
    const [conflict] = conflictsOf({ a: 'type Query { x: Int }', b: 'type Query { x: Int }' });
    expect(conflict?.hint).toContain('Mark Query.x @shareable in all of "a" and "b"');
  });

  it('whatever the subgraphs are called', () => {
    const conflicts = conflictsOf({
      P: 'type Query { p: P @shareable } type P { a: Int @shareable }',
      'P"] [Query': 'type Query { p: P @shareable } type P { a: ID @shareable }',
    });
    expect(conflicts.map((one) => [one.subgraphs, one.coordinates])).toEqual([[['P', 'P"] [Query'], ['P.a']]]);
  });

  it('among them the field at the end of a query that cannot be satisfied, and those that are the reason', () => {
    const query =
      'The following supergraph API query:\nsubscription {\n  s {\n    ... on T {\n      b\n    }\n  }\n}\n';
    const reason = 'cannot be satisfied by the subgraphs because:\n- from subgraph "a": cannot find field "T.c".';
    const typeDefs = parse('type Subscription { s: I } interface I { b: Int } type T { b: Int c: Int }');
    const [conflict] = explainConflicts([new GraphQLError(query + reason)], [{ name: 'a', typeDefs }]);
    expect(conflict?.coordinates).toEqual(['T.b', 'T.c']);
  });

  it('and none that no subgraph has', () => {
    const [conflict] = explain([new GraphQLError('Field "Query.y", "Nope.z", "x" and "@no(a:)" in subgraph "z"')]);
    expect(conflict).toMatchObject({ subgraphs: ['a'], coordinates: ['Query'] });
  });
});

describe('the conflicts of a composition', () => {
  it('are the same whatever the order of the subgraphs', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES).chain(({ schemas }) => {
          const names = Object.keys(schemas);
          return fc.record({
            schemas: fc.constant(schemas),
            order: fc.shuffledSubarray(names, { minLength: names.length }),
          });
        }),
        ({ schemas, order }) => {
          const reordered = Object.fromEntries(order.map((name) => [name, schemas[name] ?? '']));
          expect(conflictsOf(reordered)).toEqual(conflictsOf(schemas));
        },
      ),
    );
  });

  it('list the same mistake in two subgraphs once, and what the library says twice only in the better words', () => {
    const unknown = { a: `${link('v2.9', 'key')} type Query { t: Int @shareable }` };
    expect(conflictsOf(unknown)).toMatchObject([{ message: expect.stringContaining('`import` argument') }]);
    const error = new GraphQLError('Field "Query.x" is wrong', { extensions: { code: 'X' } });
    expect(explain([error, error])).toHaveLength(1);
  });

  it('keep the words of an error that no rule foresees, with a general way out', () => {
    const conflicts = explain([
      new GraphQLError('Odd', { extensions: { code: 'toString' } }),
      new GraphQLError('[z] Odd\n\u001b[2J'),
    ]);
    expect(conflicts).toMatchObject([
      { code: 'COMPOSITION_ERROR', message: '[z] Odd\n\\u001b[2J', subgraphs: [], coordinates: [] },
      { code: 'toString', message: 'Odd' },
    ]);
    for (const { hint } of conflicts) expect(hint).toMatch(/^Correct .*as the message says\.$/);
  });
});

describe('for logs', () => {
  const conflict: Conflict = {
    code: 'X',
    message: 'One.\n  Two.',
    subgraphs: ['a', 'b'],
    coordinates: ['Query.x'],
    hint: 'Do.',
  };

  it('a conflict is text of a headline, the message and the way out', () => {
    const text = 'X at Query.x (subgraphs "a" and "b")\n  One.\n    Two.\n  Way out: Do.';
    expect(formatConflict(conflict)).toBe(text);
    expect(formatConflict({ ...conflict, subgraphs: [], coordinates: [] })).toMatch(/^X\n/);
  });

  it('a conflict has an id that changes with what is in conflict, not with our advice', () => {
    const others = [{ code: 'Y' }, { message: 'One.' }, { subgraphs: ['a'] }, { coordinates: [] }];
    const ids = [conflict, ...others.map((other) => ({ ...conflict, ...other }))].map(conflictId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(conflictId({ ...conflict, hint: 'Do otherwise.' })).toBe(ids[0]);
    expect(ids[0]).toMatch(/^[0-9a-f]{12}$/);
  });

  it('an SDL that does not parse is a conflict with line and column', () => {
    const conflictOfSyntax = syntaxConflict('a', syntaxError('type Query {\n  x: }'));
    expect(conflictOfSyntax).toMatchObject({ code: 'INVALID_GRAPHQL', subgraphs: ['a'], coordinates: [] });
    expect(conflictOfSyntax.message).toBe('Syntax Error: Expected Name, found "}". (line 2, column 6)');
    expect(conflictOfSyntax.hint).toContain('subgraph "a" (line 2, column 6)');
    expect(syntaxConflict('a', new GraphQLError('Odd')).message).toBe('Odd');
  });
});

function conflictsOf(schemas: Schemas): readonly Conflict[] {
  const services = Object.entries(schemas).map(([name, sdl]) => ({
    name,
    url: 'http://localhost',
    typeDefs: parse(sdl.includes('federation/v') ? sdl : `${V2} ${sdl}`, { noLocation: true }),
  }));
  return explainConflicts(composeServices(services).errors ?? [], services);
}

function explain(errors: readonly GraphQLError[]): readonly Conflict[] {
  return explainConflicts(errors, [{ name: 'a', typeDefs: parse('type Query { x: Int }') }]);
}

function link(version: string, directives: string): string {
  const imports = directives.split(' ').map((name) => `"@${name}"`);
  return `extend schema @link(url: "https://specs.apollo.dev/federation/${version}", import: [${imports.join(', ')}])`;
}

function readCases(text: string) {
  return text
    .trim()
    .split(/\n(?=\S)/)
    .map((block) => {
      const [head = '', ...lines] = block.split('\n');
      const [code = '', subgraphs = '', coordinates = ''] = head.split('|').map((part) => part.trim());
      const schemas: Schemas = Object.fromEntries(lines.map((line) => line.trim().split(/: (.*)/, 2)));
      return { code, subgraphs: words(subgraphs), coordinates: words(coordinates), schemas };
    });
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

function syntaxError(sdl: string): GraphQLError {
  try {
    parse(sdl);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
  }
  throw new Error('This SDL parses');
}

function codesOfLibrary(): string[] {
  const folder = join(dirname(fileURLToPath(import.meta.resolve('@theguild/federation-composition'))), '..', 'esm');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const codes = files.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/\bcode: (["'`])(.+?)\1/g)].map((match) => match[2] ?? ''),
  );
  return [...new Set(codes)].flatMap((code) => {
    const operation = '${operationType.operation.toUpperCase()}';
    return ['QUERY', 'MUTATION', 'SUBSCRIPTION'].map((root) => code.replace(operation, root));
  });
}
