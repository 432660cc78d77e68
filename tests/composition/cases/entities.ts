import { federated } from '../../harness/subgraph.ts';
import type { FederationCase } from './federation-case.ts';

const PRODUCTS = [
  { upc: '1', name: 'Table', price: 900 },
  { upc: '2', name: 'Chair', price: 50 },
];

function taxOf(this: { readonly price: number }): number {
  return this.price / 10;
}

/** How entities are found, and who resolves which of their fields. */
export const ENTITY_CASES: readonly FederationCase[] = [
  {
    name: 'federation 1: extend type, @external keys and value types without @shareable',
    services: {
      products: {
        sdl: `type Query { products: [Product!]! }
          type Product @key(fields: "upc") { upc: ID! name: String price: Money } type Money { amount: Int currency: String }`,
        root: {
          products: PRODUCTS.map(({ price, ...rest }) => ({ ...rest, price: { amount: price, currency: 'EUR' } })),
        },
      },
      inventory: {
        sdl: `extend type Query { fee: Money }
          extend type Product @key(fields: "upc") { upc: ID! @external stock: Int reserve: Money }
          type Money { amount: Int currency: String }`,
        root: { fee: { amount: 3, currency: 'USD' } },
        entities: {
          Product: [
            { upc: '1', stock: 4, reserve: { amount: 1, currency: 'EUR' } },
            { upc: '2', stock: 0, reserve: null },
          ],
        },
      },
    },
    asks: [
      {
        query: '{ products { name stock price { amount } reserve { currency } } fee { amount currency } }',
        data: {
          products: [
            { name: 'Table', stock: 4, price: { amount: 900 }, reserve: { currency: 'EUR' } },
            { name: 'Chair', stock: 0, price: { amount: 50 }, reserve: null },
          ],
          fee: { amount: 3, currency: 'USD' },
        },
      },
    ],
  },
  {
    name: 'federation 1 and 2 subgraphs together',
    services: {
      products: {
        sdl: 'type Query { products: [Product!]! } type Product @key(fields: "upc") { upc: ID! name: String }',
        root: { products: PRODUCTS },
      },
      prices: {
        sdl: federated('type Product @key(fields: "upc") { upc: ID! price: Int }'),
        entities: { Product: PRODUCTS.map(({ upc, price }) => ({ upc, price })) },
      },
      tax: {
        sdl: `extend type Product @key(fields: "upc") { upc: ID! @external price: Int @external tax: Int @requires(fields: "price") }`,
        entities: { Product: PRODUCTS.map(({ upc }) => ({ upc, tax: taxOf })) },
      },
    },
    asks: [
      {
        query: '{ products { name price tax } }',
        data: { products: PRODUCTS.map(({ name, price }) => ({ name, price, tax: price / 10 })) },
        sent: ['products', 'prices', 'tax'],
      },
    ],
  },
  {
    name: 'several keys: each hop by the one that both sides have',
    services: {
      catalog: {
        sdl: federated(
          'type Query { item: Item } type Item @key(fields: "id") @key(fields: "sku") { id: ID! sku: String! name: String }',
        ),
        root: { item: { id: '1', sku: 'S', name: 'Lamp' } },
        entities: { Item: [{ id: '1', sku: 'S', name: 'Lamp' }] },
      },
      stock: {
        sdl: federated('type Item @key(fields: "sku") { sku: String! stock: Int }'),
        entities: { Item: [{ sku: 'S', stock: 7 }] },
      },
      reviews: {
        sdl: federated('type Query { best: Item } type Item @key(fields: "id") { id: ID! stars: Int }'),
        root: { best: { id: '1', stars: 5 } },
        entities: { Item: [{ id: '1', stars: 5 }] },
      },
    },
    asks: [
      { query: '{ item { name stock stars } }', data: { item: { name: 'Lamp', stock: 7, stars: 5 } } },
      {
        query: '{ best { stars stock } }',
        data: { best: { stars: 5, stock: 7 } },
        sent: ['reviews', 'catalog', 'stock'],
      },
    ],
  },
  {
    name: 'compound and nested keys',
    services: {
      orders: {
        sdl: federated(`type Query { line: Line } type Order { id: ID! shop: Shop! } type Shop { code: String! }
          type Line @key(fields: "position order { id shop { code } }") { position: Int! order: Order! text: String }`),
        root: { line: { position: 2, order: { id: 'o', shop: { code: 'x' } }, text: 'two' } },
      },
      billing: {
        sdl: federated(`type Order @shareable { id: ID! shop: Shop! } type Shop @shareable { code: String! }
          type Line @key(fields: "order { shop { code } id } position") { position: Int! order: Order! amount: Int }`),
        entities: {
          Line: [
            { position: 1, order: { id: 'o', shop: { code: 'x' } }, amount: 1 },
            { position: 2, order: { id: 'o', shop: { code: 'y' } }, amount: 2 },
            { position: 2, order: { id: 'o', shop: { code: 'x' } }, amount: 3 },
          ],
        },
      },
    },
    asks: [{ query: '{ line { text amount } }', data: { line: { text: 'two', amount: 3 } } }],
  },
  {
    name: 'resolvable: false: a reference only, never asked for the entity',
    services: {
      accounts: {
        sdl: federated('type Query { user: User } type User @key(fields: "id") { id: ID! name: String }'),
        root: { user: { id: 'u', name: 'Ada' } },
        entities: { User: [{ id: 'u', name: 'Ada' }] },
      },
      reviews: {
        sdl: federated(
          'type Query { reviews: [Review!]! } type Review { text: String author: User } type User @key(fields: "id", resolvable: false) { id: ID! }',
        ),
        root: { reviews: [{ text: 'good', author: { id: 'u' } }] },
      },
    },
    asks: [
      {
        query: '{ reviews { text author { id name } } user { id } }',
        data: { reviews: [{ text: 'good', author: { id: 'u', name: 'Ada' } }], user: { id: 'u' } },
      },
      { query: '{ reviews { author { id } } }', data: { reviews: [{ author: { id: 'u' } }] }, sent: ['reviews'] },
    ],
  },
  {
    name: '@shareable: whoever is asked anyway answers',
    services: {
      a: {
        sdl: federated(
          'type Query { a: P version: String @shareable } type P @key(fields: "id") { id: ID! name: String @shareable } type Pos @shareable { x: Int y: Int }',
        ),
        root: { a: { id: '1', name: 'of a' }, version: '1' },
        entities: { P: [{ id: '1', name: 'of a' }] },
      },
      b: {
        sdl: federated(
          'type Query { b: P pos: Pos version: String @shareable } type P @key(fields: "id") { id: ID! name: String @shareable size: Int } type Pos @shareable { x: Int y: Int }',
        ),
        root: { b: { id: '1', name: 'of b', size: 3 }, pos: { x: 1, y: 2 }, version: '1' },
        entities: { P: [{ id: '1', name: 'of b', size: 3 }] },
      },
    },
    asks: [
      { query: '{ a { name } }', data: { a: { name: 'of a' } }, sent: ['a'] },
      {
        query: '{ b { name size } pos { x y } version }',
        data: { b: { name: 'of b', size: 3 }, pos: { x: 1, y: 2 }, version: '1' },
        sent: ['b'],
      },
    ],
  },
  {
    name: '@override: the field is asked of the subgraph that took it over',
    services: {
      old: {
        sdl: federated('type Query { p: P } type P @key(fields: "id") { id: ID! name: String stock: Int }'),
        root: { p: { id: '1', name: 'P', stock: -1 } },
        entities: { P: [{ id: '1', name: 'P', stock: -1 }] },
      },
      fresh: {
        sdl: federated('type P @key(fields: "id") { id: ID! stock: Int @override(from: "old") }'),
        entities: { P: [{ id: '1', stock: 8 }] },
      },
    },
    asks: [{ query: '{ p { name stock } }', data: { p: { name: 'P', stock: 8 } }, sent: ['old', 'fresh'] }],
  },
  {
    name: '@override from a subgraph that does not exist changes nothing',
    services: {
      a: { sdl: federated('type Query { n: Int @override(from: "gone") }'), root: { n: 1 } },
      b: { sdl: federated('type Query { m: Int }'), root: { m: 2 } },
    },
    asks: [{ query: '{ n m }', data: { n: 1, m: 2 } }],
  },
  {
    name: '@override of a key and of a field that an interface needs',
    services: {
      a: {
        sdl: federated(
          'type Query { n: Named } interface Named { name: String } type P implements Named @key(fields: "id") { id: ID! name: String }',
        ),
        root: { n: { __typename: 'P', id: '1', name: 'old' } },
      },
      b: {
        sdl: federated('type P @key(fields: "id") { id: ID! name: String @override(from: "a") }'),
        entities: { P: [{ id: '1', name: 'new' }] },
      },
    },
    asks: [
      { query: '{ n { ... on P { name } } }', data: { n: { name: 'new' } } },
      { query: '{ n { name } }', data: { n: { name: 'new' } } },
    ],
  },
  {
    name: '@override with a label of its own: on for those for whom the label is on',
    services: {
      old: {
        sdl: federated('type Query { p: P } type P @key(fields: "id") { id: ID! stock: Int }'),
        root: { p: { id: '1', stock: 1 } },
        entities: { P: [{ id: '1', stock: 1 }] },
      },
      fresh: {
        sdl: federated('type P @key(fields: "id") { id: ID! stock: Int @override(from: "old", label: "beta") }'),
        entities: { P: [{ id: '1', stock: 2 }] },
      },
    },
    asks: [
      { query: '{ p { stock } }', data: { p: { stock: 1 } }, sent: ['old'] },
      { query: '{ p { stock } }', labels: ['beta'], data: { p: { stock: 2 } }, sent: ['old', 'fresh'] },
      { query: '{ p { stock } }', labels: ['alpha'], data: { p: { stock: 1 } } },
    ],
  },
  {
    name: '@override by percent: nobody at 0, everybody at 100',
    services: {
      old: {
        sdl: federated('type Query { p: P } type P @key(fields: "id") { id: ID! none: Int all: Int }'),
        root: { p: { id: '1', none: 1, all: 1 } },
        entities: { P: [{ id: '1', none: 1, all: 1 }] },
      },
      fresh: {
        sdl: federated(
          'type P @key(fields: "id") { id: ID! none: Int @override(from: "old", label: "percent(0)") all: Int @override(from: "old", label: "percent(100)") }',
        ),
        entities: { P: [{ id: '1', none: 2, all: 2 }] },
      },
    },
    asks: [{ query: '{ p { none all } }', data: { p: { none: 1, all: 2 } } }],
  },
];
