import { federated } from '../../harness/subgraph.ts';
import type { FederationCase } from './federation-case.ts';

function doubled(this: { readonly price: number }): number {
  return this.price * 2;
}

/** Interfaces, unions and `@interfaceObject`. */
export const ABSTRACT_TYPE_CASES: readonly FederationCase[] = [
  {
    name: 'an interface that two subgraphs implement with types and fields of their own',
    services: {
      books: {
        sdl: federated(
          'type Query { media: [Media!]! } interface Media { id: ID! title: String } type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }',
        ),
        root: { media: [{ __typename: 'Book', id: 'b', title: 'B', pages: 9 }] },
        entities: { Book: [{ id: 'b', title: 'B', pages: 9 }] },
      },
      films: {
        sdl: federated(`type Query { films: [Media!]! } interface Media { id: ID! title: String stars: Int }
          type Film implements Media @key(fields: "id") { id: ID! title: String stars: Int minutes: Int } type Book implements Media @key(fields: "id") { id: ID! title: String @external stars: Int }`),
        root: {
          films: [
            { __typename: 'Film', id: 'f', title: 'F', stars: 3, minutes: 90 },
            { __typename: 'Book', id: 'b', stars: 4 },
          ],
        },
        entities: { Book: [{ id: 'b', stars: 4 }] },
      },
    },
    asks: [
      {
        query: '{ media { __typename title stars ... on Book { pages } } }',
        data: { media: [{ __typename: 'Book', title: 'B', stars: 4, pages: 9 }] },
      },
      {
        query: '{ films { ... on Book { title pages } stars ... on Film { m: minutes } } }',
        data: {
          films: [
            { stars: 3, m: 90 },
            { title: 'B', pages: 9, stars: 4 },
          ],
        },
      },
    ],
  },
  {
    name: 'a field that one subgraph types with an interface and another with one of its types',
    services: {
      a: {
        sdl: federated(
          'type Query { owner: User @shareable x: X } type X @key(fields: "id") { id: ID! by: User @shareable } interface Owner { name: String } type User implements Owner @shareable { name: String }',
        ),
        root: { owner: { name: 'Ada' }, x: { id: '1', by: { name: 'Ada' } } },
        entities: { X: [{ id: '1', by: { name: 'Ada' } }] },
      },
      b: {
        sdl: federated(`type Query { owner: Owner @shareable y: X } type X @key(fields: "id") { id: ID! by: Owner @shareable } interface Owner { name: String }
          type User implements Owner @shareable { name: String } type Firm implements Owner { name: String size: Int }`),
        root: {
          owner: { __typename: 'User', name: 'Ada' },
          y: { id: '2', by: { __typename: 'Firm', name: 'Co', size: 3 } },
        },
      },
    },
    asks: [
      { query: '{ owner { __typename name } }', data: { owner: { __typename: 'User', name: 'Ada' } } },
      { query: '{ x { by { __typename name } } }', data: { x: { by: { __typename: 'User', name: 'Ada' } } } },
      { query: '{ y { by { name ... on Firm { size } } } }', data: { y: { by: { name: 'Co', size: 3 } } } },
      { query: '{ owner { name ... on Firm { size } } }', data: { owner: { name: 'Ada' } } },
    ],
    says: ['by: Owner', 'owner: Owner'],
  },
  {
    name: 'an interface that implements another',
    services: {
      a: {
        sdl: federated(`type Query { nodes: [Node!]! } interface Node { id: ID! } interface Named implements Node { id: ID! name: String }
          type P implements Named & Node @key(fields: "id") { id: ID! name: String } type Q implements Node { id: ID! }`),
        root: {
          nodes: [
            { __typename: 'P', id: 'p', name: 'N' },
            { __typename: 'Q', id: 'q' },
          ],
        },
      },
      b: {
        sdl: federated('type P @key(fields: "id") { id: ID! size: Int }'),
        entities: { P: [{ id: 'p', size: 2 }] },
      },
    },
    asks: [
      {
        query: '{ nodes { id ... on Named { name ... on P { size } } } }',
        data: { nodes: [{ id: 'p', name: 'N', size: 2 }, { id: 'q' }] },
      },
    ],
  },
  {
    name: 'a union with members from several subgraphs, one of them by extend union',
    services: {
      a: {
        sdl: federated(
          'type Query { found: [Found!]! } union Found = P | Text type P @key(fields: "id") { id: ID! name: String } type Text @shareable { text: String }',
        ),
        root: {
          found: [
            { __typename: 'P', id: 'p', name: 'P' },
            { __typename: 'Text', text: 't' },
          ],
        },
        entities: { P: [{ id: 'p', name: 'P' }] },
      },
      b: {
        sdl: federated(
          'type Query { more: [Found!]! } union Found = P extend union Found = U type P @key(fields: "id") { id: ID! size: Int } type U { u: Int }',
        ),
        root: {
          more: [
            { __typename: 'P', id: 'p', size: 1 },
            { __typename: 'U', u: 5 },
          ],
        },
        entities: { P: [{ id: 'p', size: 1 }] },
      },
    },
    asks: [
      {
        query: '{ found { __typename ... on P { name size } ... on Text { text } ... on U { u } } }',
        data: {
          found: [
            { __typename: 'P', name: 'P', size: 1 },
            { __typename: 'Text', text: 't' },
          ],
        },
      },
      {
        query: '{ more { __typename ... on P { name size } ... on Text { text } ... on U { u } } }',
        data: {
          more: [
            { __typename: 'P', name: 'P', size: 1 },
            { __typename: 'U', u: 5 },
          ],
        },
      },
    ],
    says: ['union Found = P | Text | U'],
  },
  {
    name: '@interfaceObject: a subgraph adds fields to all types of an interface',
    services: {
      media: {
        sdl: federated(`type Query { media: [Media!]! } interface Media @key(fields: "id") { id: ID! title: String }
          type Book implements Media @key(fields: "id") { id: ID! title: String } type Film implements Media @key(fields: "id") { id: ID! title: String }`),
        root: {
          media: [
            { __typename: 'Book', id: '1', title: 'B' },
            { __typename: 'Film', id: '2', title: 'F' },
          ],
        },
        entities: {
          Book: [{ id: '1', title: 'B' }],
          Film: [{ id: '2', title: 'F' }],
          Media: [
            { __typename: 'Book', id: '1', title: 'B' },
            { __typename: 'Film', id: '2', title: 'F' },
          ],
        },
      },
      reviews: {
        sdl: federated(
          'type Query { best: Media } type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int votes(min: Int = 1): Int }',
        ),
        root: { best: { id: '2', stars: 5 } },
        entities: {
          Media: [
            { id: '1', stars: 4, votes: 1 },
            { id: '2', stars: 5, votes: ({ min }: { min: number }) => min },
          ],
        },
      },
    },
    asks: [
      {
        query: '{ media { title stars } }',
        data: {
          media: [
            { title: 'B', stars: 4 },
            { title: 'F', stars: 5 },
          ],
        },
      },
      { query: '{ media { ... on Film { stars votes(min: 3) } } }', data: { media: [{}, { stars: 5, votes: 3 }] } },
      { query: '{ best { __typename stars title } }', data: { best: { __typename: 'Film', stars: 5, title: 'F' } } },
      { query: '{ best { id stars } }', data: { best: { id: '2', stars: 5 } }, sent: ['reviews'] },
    ],
    says: ['type Book implements Media { id: ID! title: String stars: Int votes(min: Int = 1): Int }'],
  },
  {
    name: '@interfaceObject that requires a field of the interface, which it holds as @external',
    services: {
      goods: {
        sdl: federated(`type Query { goods: [Good!]! } interface Good @key(fields: "id") { id: ID! price: Int }
          type Car implements Good @key(fields: "id") { id: ID! price: Int } type Pen implements Good @key(fields: "id") { id: ID! price: Int }`),
        root: {
          goods: [
            { __typename: 'Car', id: 'c', price: 9 },
            { __typename: 'Pen', id: 'p', price: 1 },
          ],
        },
        entities: {
          Good: [
            { __typename: 'Car', id: 'c', price: 9 },
            { __typename: 'Pen', id: 'p', price: 1 },
          ],
          Car: [{ id: 'c', price: 9 }],
          Pen: [{ id: 'p', price: 1 }],
        },
      },
      tax: {
        sdl: federated(
          'type Query { taxed: [Good!]! } type Good @interfaceObject @key(fields: "id") { id: ID! price: Int @external tax: Int @requires(fields: "price") }',
        ),
        root: { taxed: [{ id: 'p' }] },
        entities: {
          Good: [
            { id: 'c', tax: doubled },
            { id: 'p', tax: doubled },
          ],
        },
      },
    },
    asks: [
      { query: '{ goods { tax } }', data: { goods: [{ tax: 18 }, { tax: 2 }] } },
      { query: '{ taxed { price } }', data: { taxed: [{ price: 1 }] } },
      { query: '{ taxed { tax ... on Pen { price } } }', data: { taxed: [{ tax: 2, price: 1 }] } },
    ],
  },
  {
    name: 'lists of an interface whose items one subgraph promises not to be null',
    services: {
      a: {
        sdl: federated(
          'type Query { a: Tagged } interface Tagged { tags: [String!] } type P implements Tagged { tags: [String!] }',
        ),
        root: { a: { __typename: 'P', tags: ['x'] } },
      },
      b: {
        sdl: federated(
          'type Query { b: Tagged } interface Tagged { tags: [String] } type Q implements Tagged { tags: [String] }',
        ),
        root: { b: { __typename: 'Q', tags: ['y', null] } },
      },
    },
    asks: [{ query: '{ a { tags } b { tags } }', data: { a: { tags: ['x'] }, b: { tags: ['y', null] } } }],
    says: ['interface Tagged { tags: [String] }', 'type P implements Tagged { tags: [String!] }'],
  },
];
