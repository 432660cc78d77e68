import { federated } from '../../harness/subgraph.ts';
import type { FederationCase } from './federation-case.ts';

const FEDERATION = 'https://specs.apollo.dev/federation/v2.9';

/** Gives the arguments that it is called with. */
const echo = (args: unknown): string => JSON.stringify(args);

/** What becomes of enums, inputs, arguments, scalars, root types and directives of several subgraphs. */
export const MERGING_CASES: readonly FederationCase[] = [
  {
    name: 'an enum that is only returned has the values of all; one that is only sent, those all know',
    services: {
      a: {
        sdl: federated(
          'type Query { a(sort: Sort): String state: State } enum Sort { UP DOWN ANY } enum State { ON OFF }',
        ),
        root: { a: echo, state: 'OFF' },
      },
      b: {
        sdl: federated(
          'type Query { b(sort: Sort = DOWN): String other: State } enum Sort { DOWN UP } enum State { ON } extend enum State { BROKEN }',
        ),
        root: { b: echo, other: 'BROKEN' },
      },
    },
    asks: [
      {
        query: 'query ($sort: Sort) { a(sort: UP) b(sort: $sort) c: b state other }',
        variables: { sort: 'UP' },
        data: { a: '{"sort":"UP"}', b: '{"sort":"UP"}', c: '{"sort":"DOWN"}', state: 'OFF', other: 'BROKEN' },
      },
    ],
    says: ['enum Sort { UP DOWN }', 'enum State { ON OFF BROKEN }'],
  },
  {
    name: 'an enum that is sent and returned has the same values everywhere',
    services: {
      a: {
        sdl: federated('type Query { a(in: E): E } enum E { X Y }'),
        root: { a: (args: { in: string }) => args.in },
      },
      b: { sdl: federated('type Query { b: E } enum E { Y X }'), root: { b: 'Y' } },
    },
    asks: [{ query: '{ a(in: X) b }', data: { a: 'X', b: 'Y' } }],
  },
  {
    name: 'input fields and arguments: those that all subgraphs know, required if one requires them',
    services: {
      a: {
        sdl: federated(
          'type Query { find(filter: Filter, first: Int = 5, old: Int): String @shareable } input Filter { text: String limit: Int = 3 only: Int }',
        ),
        root: { find: echo },
      },
      b: {
        sdl: federated(
          'type Query { find(filter: Filter!, first: Int = 5): String @shareable } input Filter { text: String! } extend input Filter { limit: Int = 3 }',
        ),
        root: { find: echo },
      },
    },
    asks: [
      {
        query: 'query ($filter: Filter!) { find(filter: $filter) b: find(filter: { text: "x", limit: 4 }, first: 1) }',
        variables: { filter: { text: 'v' } },
        data: { find: '{"filter":{"text":"v","limit":3},"first":5}', b: '{"filter":{"text":"x","limit":4},"first":1}' },
      },
    ],
    says: ['find(filter: Filter!, first: Int = 5): String', 'input Filter { text: String! limit: Int = 3 }'],
  },
  {
    name: 'default values of every shape',
    services: {
      a: {
        sdl: federated(`type Query { a(s: String = "q\\"\\n", l: [Int!] = [1, 2], o: In = { e: X, n: { s: "in" } }, b: Boolean = false, f: Float = 1.5, z: Int = null): String }
          input In { e: E = Y n: In s: String = "d" } enum E { X Y }`),
        root: { a: echo },
      },
      b: { sdl: federated('type Query { b: Int }') },
    },
    asks: [
      {
        query: '{ a }',
        data: {
          a: '{"s":"q\\"\\n","l":[1,2],"o":{"e":"X","n":{"e":"Y","s":"in"},"s":"d"},"b":false,"f":1.5,"z":null}',
        },
      },
    ],
  },
  {
    name: 'custom scalars, sent and returned, with their specification',
    services: {
      a: {
        sdl: federated(
          'type Query { at(in: Date): Date } scalar Date @specifiedBy(url: "https://date.test") scalar Json',
        ),
        root: { at: (args: { in: unknown }) => args.in },
      },
      b: {
        sdl: federated('type Query { any(in: Json): Json } scalar Json scalar Date'),
        root: { any: (args: { in: unknown }) => args.in },
      },
    },
    asks: [
      {
        query: 'query ($in: Json) { at(in: "2020-01-01") any(in: $in) other: any(in: [1, { a: "b" }]) }',
        variables: { in: { deep: [1, null] } },
        data: { at: '2020-01-01', any: { deep: [1, null] }, other: [1, { a: 'b' }] },
      },
    ],
    says: ['scalar Date @specifiedBy(url: "https://date.test")'],
  },
  {
    name: 'descriptions and deprecations, of whichever subgraph has them',
    services: {
      a: {
        sdl: federated(
          'type Query { p: P } type P @key(fields: "id") { id: ID! @shareable x(n: Int): Int @shareable } enum E { A B } input I { i: Int }',
        ),
        root: { p: { id: '1', x: 2 } },
        entities: { P: [{ id: '1', x: 2 }] },
      },
      b: {
        sdl: federated(`"Root" type Query { "Field" e(i: I): E } "Type" type P @key(fields: "id") { id: ID! @shareable "X" x("N" n: Int @deprecated(reason: "arg")): Int @shareable @deprecated(reason: "gone") }
          "Enum" enum E { "a" A @deprecated(reason: "value") B } "Input" input I { "i" i: Int @deprecated(reason: "field") }`),
        root: { e: 'A' },
      },
    },
    asks: [{ query: '{ p { x } e(i: { i: 1 }) }', data: { p: { x: 2 }, e: 'A' } }],
    says: [
      '"""Type""" type P',
      '"""X""" x( """N""" n: Int @deprecated(reason: "arg") ): Int @deprecated(reason: "gone")',
      '"""Enum""" enum E { """a""" A @deprecated(reason: "value") B }',
      '"""Input""" input I { """i""" i: Int @deprecated(reason: "field") }',
    ],
  },
  {
    name: 'root types under names of their own',
    services: {
      a: {
        sdl: federated(
          'schema { query: RootQuery mutation: RootMutation } type RootQuery { a: Int both: Int @shareable } type RootMutation { setA(to: Int): Int }',
        ),
        root: { a: 1, both: 0, setA: ({ to }: { to: number }) => to },
      },
      b: {
        sdl: federated('schema { query: Q } type Q { b: Int both: Int @shareable }'),
        root: { b: 2, both: 0 },
      },
      c: {
        sdl: federated('type Query { c: Int } type Mutation { setC(to: Int): Int }'),
        root: { c: 3, setC: ({ to }: { to: number }) => to },
      },
    },
    asks: [
      { query: '{ a b c both }', data: { a: 1, b: 2, c: 3, both: 0 } },
      { query: 'mutation { x: setA(to: 4) setC(to: 5) setA(to: 6) }', data: { x: 4, setC: 5, setA: 6 } },
    ],
    hides: ['RootQuery', 'RootMutation', 'type Q '],
  },
  {
    name: 'a mutation that changes an entity, whose other fields come from another subgraph',
    services: {
      a: {
        sdl: federated(
          'type Query { x: Int } type Mutation { rename(id: ID!, name: String!): P } type P @key(fields: "id") { id: ID! name: String }',
        ),
        root: { rename: (args: object) => args },
        entities: { P: [] },
      },
      b: { sdl: federated('type P @key(fields: "id") { id: ID! size: Int }'), entities: { P: [{ id: '1', size: 3 }] } },
    },
    asks: [
      {
        query: 'mutation ($name: String!) { rename(id: "1", name: $name) { name size } }',
        variables: { name: 'new' },
        data: { rename: { name: 'new', size: 3 } },
        sent: ['a', 'b'],
      },
    ],
  },
  {
    name: 'directives under other names: imported as, and by namespace',
    services: {
      a: {
        sdl: `extend schema @link(url: "${FEDERATION}", import: [{ name: "@key", as: "@primaryKey" }, { name: "@shareable", as: "@common" }])
          type Query { p: P } type P @primaryKey(fields: "id") { id: ID! name: String @common price: Int }`,
        root: { p: { id: '1', name: 'a', price: 50 } },
        entities: { P: [{ id: '1', name: 'a', price: 50 }] },
      },
      b: {
        sdl: `extend schema @link(url: "${FEDERATION}")
          type P @federation__key(fields: "id") { id: ID! name: String @federation__shareable price: Int @federation__external tax: Int @federation__requires(fields: "price") secret: Int @federation__inaccessible }`,
        entities: { P: [{ id: '1', name: 'b', tax: tenth }] },
      },
      c: {
        sdl: `extend schema @link(url: "${FEDERATION}", as: "fed") type P @fed__key(fields: "id") { id: ID! size: Int }`,
        entities: { P: [{ id: '1', size: 7 }] },
      },
    },
    asks: [{ query: '{ p { name tax size } }', data: { p: { name: 'a', tax: 5, size: 7 } } }],
    hides: ['secret', 'primaryKey', 'federation__'],
  },
  {
    name: '@inaccessible: hidden from clients, still there for keys and requirements',
    services: {
      a: {
        sdl: federated(`type Query { p(secret: Int @inaccessible, n: Int): P hidden: Int @inaccessible any: [U!]! e(e: E): E i(i: I): String }
          type P @key(fields: "id internal") { id: ID! internal: Int! @inaccessible name(secret: Int @inaccessible): String }
          type H @inaccessible { x: Int } type V { v: Int } union U = V | H enum E { A B @inaccessible } input I { a: Int b: Int = 2 @inaccessible }
          interface N @inaccessible { id: ID! } type M implements N { id: ID! } extend type Query { m: M } scalar Hidden @inaccessible`),
        root: {
          p: { id: '1', internal: 5, name: 'n' },
          any: [{ __typename: 'V', v: 1 }],
          e: 'A',
          i: echo,
          m: { id: 'm' },
        },
        entities: { P: [{ id: '1', internal: 5, name: 'n' }] },
      },
      b: {
        sdl: federated(
          'type P @key(fields: "id internal") { id: ID! internal: Int! name(secret: Int): String @external tag: String @requires(fields: "name") }',
        ),
        entities: { P: [{ id: '1', internal: 5, tag: tagged }] },
      },
    },
    asks: [
      {
        query: '{ p(n: 1) { id name tag } any { __typename ... on V { v } } e(e: A) i(i: { a: 1 }) m { id } }',
        data: {
          p: { id: '1', name: 'n', tag: '#n' },
          any: [{ __typename: 'V', v: 1 }],
          e: 'A',
          i: '{"i":{"a":1,"b":2}}',
          m: { id: 'm' },
        },
      },
    ],
    says: ['p(n: Int): P', 'union U = V ', 'enum E { A }', 'input I { a: Int }', 'type M {', 'name: String'],
    hides: ['secret', 'hidden', 'internal', 'type H', 'Hidden', 'interface N'],
  },
  {
    name: '@tag and the access directives are kept for the gateway, not shown to clients',
    services: {
      a: {
        sdl: `extend schema @link(url: "${FEDERATION}", import: ["@tag", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "FieldSet"])
          type Query { a(n: Int @tag(name: "arg")): [T] @tag(name: "root") @listSize(assumedSize: 5) mine: Int @authenticated @cost(weight: 3) }
          type T @tag(name: "type") { x: E @requiresScopes(scopes: [["read"]]) y: Int @policy(policies: [["p"]]) } enum E { V @tag(name: "value") }`,
        root: { a: [{ x: 'V', y: 1 }], mine: 2 },
      },
      b: { sdl: 'type Query { b: Int }', root: { b: 3 } },
    },
    asks: [{ query: '{ a(n: 1) { x y } mine b }', data: { a: [{ x: 'V', y: 1 }], mine: 2, b: 3 } }],
    hides: ['@tag', 'Scope'],
  },
  {
    name: '@composeDirective: a directive of the team reaches the supergraph',
    services: {
      a: {
        sdl: `extend schema @link(url: "${FEDERATION}", import: ["@composeDirective"]) @link(url: "https://acme.test/mask/v1.0", import: ["@mask"]) @composeDirective(name: "@mask")
          directive @mask(with: String = "*") repeatable on FIELD_DEFINITION | OBJECT
          directive @internal on FIELD_DEFINITION
          type Query { a: Int @mask(with: "x") @internal }`,
        root: { a: 1 },
      },
      b: { sdl: federated('type Query { b: Int }'), root: { b: 2 } },
    },
    asks: [{ query: '{ a b }', data: { a: 1, b: 2 } }],
    says: ['a: Int @mask(with: "x")', 'directive @mask(with: String = "*") repeatable on'],
    hides: ['internal'],
  },
  {
    name: 'extend interface, input, enum, scalar and schema in one subgraph',
    services: {
      a: {
        sdl: `extend schema @link(url: "${FEDERATION}", import: ["@key", "@tag"])
          schema { query: Query } extend schema { mutation: Change } type Change { change(i: I): E }
          type Query { n: N } interface N { id: ID! } extend interface N { name: String }
          type T implements N @key(fields: "id") { id: ID! } extend type T { name: String } extend type T @key(fields: "name")
          input I { a: Int } extend input I { b: E } enum E { X } extend enum E { Y } scalar D extend scalar D @tag(name: "d")`,
        root: { n: { __typename: 'T', id: '1', name: 'N' }, change: (args: { i: { b: string } }) => args.i.b },
        entities: { T: [{ id: '1', name: 'N' }] },
      },
      b: {
        sdl: federated('type T @key(fields: "name") { name: String size: Int }'),
        entities: { T: [{ name: 'N', size: 4 }] },
      },
    },
    asks: [
      { query: '{ n { name ... on T { id size } } }', data: { n: { name: 'N', id: '1', size: 4 } } },
      { query: 'mutation { change(i: { a: 1, b: Y }) }', data: { change: 'Y' } },
    ],
  },
];

function tenth(this: { readonly price: number }): number {
  return this.price / 10;
}

function tagged(this: { readonly name: string }): string {
  return `#${this.name}`;
}
