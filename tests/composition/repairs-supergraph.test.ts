import { buildSchema, validateSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ABSTRACT_TYPE_CASES } from './cases/abstract-types.ts';
import { PLAIN_SERVICE_CASES } from './cases/plain-services.ts';
import { composed, toSubgraphs } from './cases/in-process.ts';
import { transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { parse, print } from 'graphql';
import { byLibrary, byUs, run } from './cases/with-and-without.ts';

// Faults that are repaired in what the library has composed.

describe('restoreJoins', () => {
  const goods = `type Query { goods: [Good!]! } interface Good @key(fields: "id") { id: ID! price: Int }
    type Car implements Good @key(fields: "id") { id: ID! price: Int }`;
  const tax =
    'type Good @interfaceObject @key(fields: "id") { id: ID! price: Int @external tax: Int @requires(fields: "price") }';
  const cars = [{ __typename: 'Car', id: 'c', price: 9 }];

  it('federation-composition still has the fault: delete restoreJoins when this fails', () => {
    expect(byLibrary({ goods, tax }).supergraph).toContain('{ id: ID! price: Int tax: Int @join__field(graph: TAX');
    const { supergraph } = byLibrary({
      a: 'type Query { u: U @shareable @provides(fields: "n") } type U @key(fields: "id") { id: ID! n: Int @external }',
      b: 'type Query { u: U @shareable } type U @key(fields: "id") { id: ID! n: Int @shareable }',
    });
    expect(supergraph).not.toContain('provides');
  });

  it('an @interfaceObject is not asked for what it holds as @external', async () => {
    const { ask } = await run({
      goods: { sdl: goods, root: { goods: cars }, entities: { Good: cars, Car: cars } },
      tax: {
        sdl: `type Query { taxed: Good } ${tax}`,
        root: { taxed: { id: 'c', price: 'not known here' } },
        entities: { Good: [{ id: 'c', tax: double }] },
      },
    });
    const { data, errors } = await ask('{ taxed { price tax } }');
    expect({ data, errors }).toEqual({ data: { taxed: { price: 9, tax: 18 } }, errors: [] });
  });

  it('a shared root field keeps what one subgraph provides and how each types it', async () => {
    const { supergraph } = byUs({
      a: 'type Query { u: U! @shareable @provides(fields: "n") } type U @key(fields: "id") { id: ID! n: Int @external }',
      b: 'type Query { u: U @shareable } type U @key(fields: "id") { id: ID! n: Int @shareable }',
      c: 'schema { query: Root } type Root { u: U @shareable } type U @key(fields: "id", resolvable: false) { id: ID! }',
    });
    expect(supergraph).toContain(
      'u: U @join__field(graph: A, type: "U!", provides: "n") @join__field(graph: B, type: "U") @join__field(graph: C, type: "U")',
    );
  });

  it('adds nothing where there is nothing to say', () => {
    const sdl = 'type Query { a: Int @shareable } interface I { x: Int } type T implements I { x: Int @shareable }';
    const { supergraph } = byUs({ a: sdl, b: sdl });
    expect(supergraph).not.toContain('@join__field');
    expect(supergraph).toBe(byLibrary({ a: sdl, b: sdl }).supergraph);
  });
});

function double(this: { readonly price: number }): number {
  return this.price * 2;
}

describe('generalizeFieldTypes', () => {
  const types = 'interface Owner { name: String } type User implements Owner @shareable { name: String }';
  const narrow = `type Query { x: X owner: User @shareable } type X @key(fields: "id") { id: ID! by: User @shareable } ${types}`;
  const wide = `type Query { y: X owner: Owner @shareable } type X @key(fields: "id") { id: ID! by: Owner @shareable } ${types} type Firm implements Owner { name: String }`;

  it('federation-composition still has the fault: delete generalizeFieldTypes when this fails', () => {
    expect(byLibrary({ a: narrow, b: wide }).publicSdl).toMatch(/owner: User .*by: User/);
    const list = 'type Query { u: [A] @shareable } type A @shareable { x: Int }';
    expect(
      byLibrary({ a: list, b: 'type Query { u: U @shareable } union U = A type A @shareable { x: Int }' }).codes,
    ).toEqual([]);
  });

  it.each([
    [narrow, wide],
    [wide, narrow],
  ])('clients see the type that holds for all subgraphs, whatever their order', (a, b) => {
    const { codes, publicSdl } = byUs({ a, b });
    expect(codes).toEqual([]);
    expect(publicSdl).toContain('by: Owner');
    expect(publicSdl).toContain('owner: Owner');
  });

  it('what the other subgraph returns can be asked for', async () => {
    const cases = ABSTRACT_TYPE_CASES.filter(({ name }) => name.startsWith('a field that one subgraph types'));
    expect(cases).toHaveLength(1);
    const { ask } = await run(cases[0]?.services ?? {});
    expect((await ask('{ y { by { __typename name } } }')).data).toEqual({
      y: { by: { __typename: 'Firm', name: 'Co' } },
    });
  });

  it.each([
    ['a list', '[A]', 'U'],
    ['a null', 'A', 'U!'],
    ['a null in a list', '[A]', '[U!]'],
    ['another type', 'A', 'V'],
    ['a scalar', 'Int', 'U'],
    ['nulls at different places', '[A!]', '[A]!'],
  ])('%s makes types that no type holds for: FIELD_TYPE_MISMATCH', (_, one, other) => {
    const rest = 'type A @shareable { x: Int } union U = A type B { y: Int } union V = B';
    const sdls = {
      a: `type Query { q: ${one} @shareable z: U } ${rest}`,
      b: `type Query { q: ${other} @shareable } ${rest.replace('B {', 'B @shareable {')}`,
    };
    const { codes } = byUs({ ...sdls, a: sdls.a.replace('B {', 'B @shareable {') });
    expect(codes).toEqual(['FIELD_TYPE_MISMATCH']);
  });

  it('the types of an interface field must have one that holds for all, too', () => {
    const { codes, messages } = byUs({
      a: 'type Query { a: Int } interface I { x: Int } type T implements I { x: Int }',
      b: 'type Query { b: Int } interface I { x: String }',
    });
    expect(codes).toEqual(['FIELD_TYPE_MISMATCH']);
    expect(messages[0]).toBe(
      'Type of field "I.x" is incompatible across subgraphs: it has type "Int" in subgraph "a" but type "String" in subgraph "b"',
    );
  });
});

describe('invalidities', () => {
  const general = {
    a: 'type Query { t: T } interface I { x: User } type T implements I @key(fields: "id") { id: ID! x: User @shareable } interface N { id: ID! } type User implements N { id: ID! @shareable }',
    b: 'type T @key(fields: "id") { id: ID! x: N @shareable } interface N { id: ID! } type User implements N { id: ID! @shareable }',
  };
  const argument = {
    a: 'type Query { i: I } interface I { x(n: Int): Int } type T implements I @key(fields: "id") { id: ID! x(n: Int): Int @shareable }',
    b: 'type T @key(fields: "id") { id: ID! x: Int @shareable }',
  };

  it('federation-composition still has the fault: delete invalidities when this fails', () => {
    const { publicSdl } = byLibrary(argument);
    expect(validateSchema(buildSchema(publicSdl)).map(({ message }) => message)).toEqual([
      'Interface field argument I.x(n:) expected but T.x does not provide it.',
    ]);
  });

  it.each([
    ['a type loses an argument that its interface has', argument, /I\.x\(n:\)/],
    ['a type gets a more general field than its interface has', general, /I\.x expects type User but T\.x is type N/],
  ])('%s: INVALID_GRAPHQL', (_, sdls, words) => {
    const { codes, messages } = byUs(sdls);
    expect(codes).toEqual(['INVALID_GRAPHQL']);
    expect(messages[0]).toMatch(words);
  });
});

describe('hideInterfaceArguments', () => {
  const own =
    'type Query { i: I } interface I { x(n: Int @inaccessible, m: Int): Int } type T implements I { x(n: Int @inaccessible, m: Int): Int }';
  const object = {
    a: 'type Query { i: I } interface I @key(fields: "id") { id: ID! } type T implements I @key(fields: "id") { id: ID! }',
    b: 'type I @interfaceObject @key(fields: "id") { id: ID! x(n: Int @inaccessible, m: Int): Int }',
  };

  it('federation-composition still has the fault: delete hideInterfaceArguments when this fails', () => {
    expect(byLibrary({ own }).publicSdl).toContain('interface I { x(n: Int, m: Int): Int }');
    expect(byLibrary(object).publicSdl).toContain('x(n: Int, m: Int): Int');
  });

  it('clients do not see an argument that an interface hides', () => {
    for (const sdls of [{ own }, object]) {
      const { codes, publicSdl, supergraph } = byUs(sdls);
      expect(codes).toEqual([]);
      expect(publicSdl).not.toContain('n: Int');
      expect(publicSdl.match(/x\(m: Int\): Int/g)).toHaveLength(2);
      expect(supergraph).toContain('n: Int @inaccessible, m: Int');
    }
  });

  it('a type that shows the argument keeps it', () => {
    const shown = own.replace('T implements I { x(n: Int @inaccessible', 'T implements I { x(n: Int');
    expect(byUs({ shown }).publicSdl).toContain('type T implements I { x(n: Int, m: Int): Int }');
  });
});

describe('withoutInaccessibleMembers', () => {
  const sdl =
    'type Query { u: [U] } union U = A | H | B type A { a: Int } type H @inaccessible { h: Int } type B { b: Int }';

  it('federation-composition still has the fault: delete withoutInaccessibleMembers when this fails', () => {
    expect(byLibrary({ sdl }).publicSdl).toContain('union U = A | H | B');
  });

  it('a union shows its visible members, and the engine knows the others', async () => {
    const root = {
      u: [
        { __typename: 'A', a: 1 },
        { __typename: 'B', b: 2 },
      ],
    };
    const { ask, composition, publicSchema } = await run({ sdl: { sdl, root } });
    expect(composition.publicSdl).toContain('union U = A | B');
    expect(validateSchema(publicSchema)).toEqual([]);
    expect(composition.supergraphSdl).toContain('member: "H"');
    expect((await ask('{ u { ... on A { a } ... on B { b } } }')).data).toEqual({ u: [{ a: 1 }, { b: 2 }] });
  });
});

describe('onlyInaccessibleChildren', () => {
  const sets = {
    union: { a: 'type Query { u: U } union U = H type H @inaccessible { h: Int }' },
    enum: {
      a: 'type Query { x(e: E): Int } enum E { A B @inaccessible }',
      b: 'type Query { y(e: E): Int } enum E { B }',
    },
    input: {
      a: 'type Query { x(i: I): Int } input I { a: Int b: Int @inaccessible }',
      b: 'type Query { y(i: I): Int } input I { b: Int }',
    },
  };

  it('federation-composition still has the fault: delete onlyInaccessibleChildren when this fails', () => {
    expect(Object.values(sets).flatMap((sdls) => byLibrary(sdls).codes)).toEqual([]);
  });

  it.each(Object.entries(sets))('a type that clients see must have something that they see: %s', (_, sdls) => {
    expect(byUs(sdls).codes).toEqual(['ONLY_INACCESSIBLE_CHILDREN']);
  });

  it('a type that is hidden as a whole need not', () => {
    const hidden =
      'type Query { a: Int x(e: E @inaccessible): Int } enum E @inaccessible { A } union U @inaccessible = H type H @inaccessible { h: Int }';
    expect(byUs({ hidden }).codes).toEqual([]);
  });
});

describe('mismatchedRuntimeTypes', () => {
  const types = 'type A @shareable { a: Int } type B @shareable { b: Int } type C @shareable { c: Int }';
  const union = (members: string): string => `type Query { u: U @shareable } union U = ${members} ${types}`;
  const implemented = (type: string): string =>
    `type Query { i: I @shareable } interface I { x: Int } type ${type} implements I { x: Int }`;

  it('federation-composition still has the fault: delete mismatchedRuntimeTypes when this fails', () => {
    expect(byLibrary({ a: union('A'), b: union('B') }).codes).toEqual([]);
  });

  it.each([
    ['a union', union('A | C'), union('B')],
    ['an interface', implemented('A'), implemented('B')],
    ['an object type and a union', `type Query { u: A @shareable v: U } union U = A | B ${types}`, union('B')],
  ])('a shared field must have a type that all may return: %s', (_, a, b) => {
    expect(byUs({ a, b }).codes).not.toEqual([]);
  });

  it('is told with what each subgraph may return', () => {
    const { codes, messages } = byUs({ a: union('A | C'), b: union('B') });
    expect(codes).toEqual(['SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES']);
    expect(messages).toEqual([
      'Field "Query.u" is shared, but no object type is returned by all of its subgraphs: it may be "A" or "C" in subgraph "a", "B" in subgraph "b".',
    ]);
  });

  it('one type in common is enough, and fields that are not shared need none', () => {
    expect(byUs({ a: union('A | C'), b: union('C | B') }).codes).toEqual([]);
    const own = [union('A').replace('u: U @shareable', 'a: U'), union('B').replace('u: U @shareable', 'b: U')];
    expect(byUs({ a: own[0] ?? '', b: own[1] ?? '' }).codes).toEqual([]);
  });

  it('an @interfaceObject may be any of its types', () => {
    const a =
      'type Query { i: I @shareable } interface I @key(fields: "id") { id: ID! } type A implements I @key(fields: "id") { id: ID! }';
    const b = 'type Query { i: I @shareable } type I @interfaceObject @key(fields: "id") { id: ID! }';
    expect(byUs({ a, b }).codes).toEqual([]);
  });
});

describe('withoutMeshDirectives', () => {
  const prefixed =
    PLAIN_SERVICE_CASES.find(({ name }) => name.startsWith('a prefix for types and root'))?.services ?? {};

  it('federation-composition still has the fault: delete withoutMeshDirectives when this fails', () => {
    const { supergraphSdl } = composed(toSubgraphs(prefixed));
    expect(print(transformSupergraphToPublicSchema(parse(supergraphSdl)))).toContain('@source(name: "post"');
  });

  it('clients do not see what a plain service calls its types, the engine does', () => {
    const { supergraphSdl, publicSdl } = composed(toSubgraphs(prefixed));
    expect(supergraphSdl).toContain('@source(name: "post"');
    expect(publicSdl).not.toMatch(/@source|directive @|subgraph/);
  });

  it('a directive of that name that a team composes stays', () => {
    const sdl = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"]) @link(url: "https://acme.test/source/v1.0", import: ["@source"]) @composeDirective(name: "@source")
      directive @source(of: String) on FIELD_DEFINITION type Query { a: Int @source(of: "us") }`;
    expect(byUs({ sdl }).publicSdl).toContain('a: Int @source(of: "us")');
  });
});
