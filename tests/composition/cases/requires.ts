import { federated } from '../../harness/subgraph.ts';
import type { FederationCase } from './federation-case.ts';

type Source = Readonly<Record<string, never>>;

/** A field that shows what of the representation and its own row its subgraph has been given. */
function shows(...names: readonly string[]) {
  return function shown(this: Source): string {
    return JSON.stringify(names.map((name) => this[name]));
  };
}

/** What one subgraph needs of another to resolve a field, and what it brings along. */
export const REQUIRES_CASES: readonly FederationCase[] = [
  {
    name: '@requires of several fields, one of them of a third subgraph',
    services: {
      catalog: {
        sdl: federated('type Query { items: [Item!]! } type Item @key(fields: "id") { id: ID! price: Int }'),
        root: {
          items: [
            { id: '1', price: 10 },
            { id: '2', price: null },
          ],
        },
        entities: {
          Item: [
            { id: '1', price: 10 },
            { id: '2', price: null },
          ],
        },
      },
      sizes: {
        sdl: federated('type Item @key(fields: "id") { id: ID! weight: Int }'),
        entities: {
          Item: [
            { id: '1', weight: 5 },
            { id: '2', weight: 7 },
          ],
        },
      },
      shipping: {
        sdl: federated(
          'type Item @key(fields: "id") { id: ID! price: Int @external weight: Int @external cost: String @requires(fields: "price weight") }',
        ),
        entities: {
          Item: [
            { id: '1', cost: shows('price', 'weight') },
            { id: '2', cost: shows('price', 'weight') },
          ],
        },
      },
    },
    asks: [
      { query: '{ items { cost } }', data: { items: [{ cost: '[10,5]' }, { cost: '[null,7]' }] } },
      {
        query: '{ items { c: cost w: weight } }',
        data: {
          items: [
            { c: '[10,5]', w: 5 },
            { c: '[null,7]', w: 7 },
          ],
        },
      },
    ],
  },
  {
    name: '@requires of a field that is itself required to be computed',
    services: {
      a: {
        sdl: federated('type Query { t: T } type T @key(fields: "id") { id: ID! one: Int }'),
        root: { t: { id: '1', one: 1 } },
        entities: { T: [{ id: '1', one: 1 }] },
      },
      b: {
        sdl: federated('type T @key(fields: "id") { id: ID! one: Int @external two: String @requires(fields: "one") }'),
        entities: { T: [{ id: '1', two: shows('one') }] },
      },
      c: {
        sdl: federated(
          'type T @key(fields: "id") { id: ID! two: String @external three: String @requires(fields: "two") }',
        ),
        entities: { T: [{ id: '1', three: shows('two') }] },
      },
    },
    asks: [{ query: '{ t { three } }', data: { t: { three: '["[1]"]' } }, sent: ['a', 'b', 'c'] }],
  },
  {
    name: '@requires of nested fields, and of those of lists',
    services: {
      a: {
        sdl: federated(
          'type Query { p: P } type P @key(fields: "id") { id: ID! size: Size parts: [Part!]! } type Size { width: Int height: Int unit: String } type Part { name: String size: Size }',
        ),
        root: {
          p: {
            id: '1',
            size: { width: 2, height: 3, unit: 'cm' },
            parts: [
              { name: 'leg', size: { width: 1 } },
              { name: 'top', size: { width: 4 } },
            ],
          },
        },
      },
      b: {
        sdl: federated(`type P @key(fields: "id") { id: ID! size: Size @external parts: [Part!]! @external volume: String @requires(fields: "size { width height } parts { size { width } name }") }
          type Size { width: Int @external height: Int @external } type Part { name: String @external size: Size @external }`),
        entities: { P: [{ id: '1', volume: shows('size', 'parts') }] },
      },
    },
    asks: [
      {
        query: '{ p { volume } }',
        data: {
          p: {
            volume: '[{"width":2,"height":3},[{"size":{"width":1},"name":"leg"},{"size":{"width":4},"name":"top"}]]',
          },
        },
      },
    ],
  },
  {
    name: '@requires through an interface',
    services: {
      a: {
        sdl: federated(`type Query { user: User } interface Account { id: ID! name: String }
          type Person implements Account @key(fields: "id") { id: ID! name: String } type Bot implements Account @key(fields: "id") { id: ID! name: String maker: String }
          type User @key(fields: "id") { id: ID! account: Account others: [Account!] }`),
        root: {
          user: {
            id: 'u',
            account: { __typename: 'Person', id: 'p', name: 'Ada' },
            others: [
              { __typename: 'Bot', id: 'b', name: 'R2', maker: 'I' },
              { __typename: 'Person', id: 'q', name: 'Bob' },
            ],
          },
        },
      },
      b: {
        sdl: federated(`interface Account { id: ID! name: String } type Person implements Account @key(fields: "id") { id: ID! name: String @external }
          type Bot implements Account @key(fields: "id") { id: ID! name: String @external maker: String @external }
          type User @key(fields: "id") { id: ID! account: Account @external others: [Account!] @external
            greeting: String @requires(fields: "account { name }") list: String @requires(fields: "others { id ... on Bot { maker } }") }`),
        entities: { User: [{ id: 'u', greeting: shows('account'), list: shows('others') }] },
      },
    },
    asks: [
      { query: '{ user { greeting } }', data: { user: { greeting: '[{"name":"Ada"}]' } } },
      {
        query: '{ user { list } }',
        data: {
          user: { list: '[[{"id":"b","maker":"I"},{"id":"q"}]]' },
        },
      },
    ],
  },
  {
    name: '@provides: the field is not asked of its owner, only where it is provided',
    services: {
      users: {
        sdl: federated(
          'type Query { me: User } type User @key(fields: "id") { id: ID! name: String address: Address } type Address { street: String city: String }',
        ),
        root: { me: { id: '1', name: 'Ada', address: { street: 'S', city: 'C' } } },
        entities: { User: [{ id: '1', name: 'Ada', address: { street: 'S', city: 'C' } }] },
      },
      reviews: {
        sdl: federated(`type Query { review: Review } type Review { by: User @provides(fields: "name address { city }") plain: User }
          type User @key(fields: "id") { id: ID! name: String @external address: Address @external } type Address { city: String @external }`),
        root: {
          review: {
            by: { id: '1', name: 'provided', address: { city: 'provided' } },
            plain: { id: '1' },
          },
        },
      },
    },
    asks: [
      {
        query: '{ review { by { name address { city } } } }',
        data: { review: { by: { name: 'provided', address: { city: 'provided' } } } },
        sent: ['reviews'],
      },
      {
        query: '{ review { by { address { street } } plain { name } } }',
        data: { review: { by: { address: { street: 'S' } }, plain: { name: 'Ada' } } },
      },
    ],
  },
  {
    name: '@provides of a field of a type that an interface stands for',
    services: {
      a: {
        sdl: federated(
          'type Query { x: Int } type Dog @key(fields: "id") { id: ID! name: String } type Cat @key(fields: "id") { id: ID! name: String }',
        ),
        entities: { Dog: [{ id: 'd', name: 'Rex' }], Cat: [{ id: 'c', name: 'Tom' }] },
      },
      b: {
        sdl: federated(`type Query { pets: [Pet!] @provides(fields: "... on Dog { name }") } interface Pet { id: ID! }
          type Dog implements Pet @key(fields: "id") { id: ID! name: String @external } type Cat implements Pet @key(fields: "id") { id: ID! }`),
        root: {
          pets: [
            { __typename: 'Dog', id: 'd', name: 'provided' },
            { __typename: 'Cat', id: 'c' },
          ],
        },
      },
    },
    asks: [
      { query: '{ pets { ... on Dog { name } } }', data: { pets: [{ name: 'provided' }, {}] }, sent: ['b'] },
      {
        query: '{ pets { ... on Dog { name } ... on Cat { name } } }',
        data: { pets: [{ name: 'provided' }, { name: 'Tom' }] },
        sent: ['b', 'a'],
      },
    ],
  },
  {
    name: '@provides on a root field that every subgraph has',
    services: {
      a: {
        sdl: federated(
          'type Query { me: User @shareable @provides(fields: "name") extra: Int } type User @key(fields: "id") { id: ID! name: String @external }',
        ),
        root: { me: { id: '1', name: 'provided' }, extra: 1 },
      },
      b: {
        sdl: federated(
          'type Query { me: User @shareable } type User @key(fields: "id") { id: ID! name: String @shareable mail: String }',
        ),
        root: { me: { id: '1', name: 'Ada', mail: 'a@b' } },
        entities: { User: [{ id: '1', name: 'Ada', mail: 'a@b' }] },
      },
    },
    asks: [
      { query: '{ extra me { name } }', data: { extra: 1, me: { name: 'provided' } }, sent: ['a'] },
      { query: '{ me { mail } }', data: { me: { mail: 'a@b' } } },
    ],
  },
];
