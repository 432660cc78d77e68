import { graphql, isUnionType, parse, print, type GraphQLSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildSubgraphSchema, type Resolvers } from '../../subgraphs/server/federation-schema.ts';

const LINK = (imports: string, more = ''): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9"${more} import: [${imports}])\n`;

const members = (schema: GraphQLSchema): string[] => {
  const union = schema.getType('_Entity');
  return isUnionType(union) ? union.getTypes().map(({ name }) => name) : [];
};
const built = (sdl: string, resolvers: Resolvers = {}): GraphQLSchema =>
  buildSubgraphSchema({ typeDefs: parse(sdl), resolvers });

test('it says its own schema', async () => {
  const sdl = `${LINK('"@key"')} type Query { a: A } type A @key(fields: "id") { id: ID! }`;
  const { data } = await graphql({ schema: built(sdl), source: '{ _service { sdl } }' });
  expect(data?.['_service']).toEqual({ sdl: print(parse(sdl)) });
});

describe('entities are the types with a key that others may use', () => {
  test.each([
    ['by its own name', `${LINK('"@key"')} type A @key(fields: "id") { id: ID! }`, ['A']],
    ['by another name', `${LINK('{ name: "@key", as: "@id" }')} type A @id(fields: "id") { id: ID! }`, ['A']],
    ['by its whole name', `${LINK('"@tag"')} type A @federation__key(fields: "id") { id: ID! }`, ['A']],
    [
      'by a name of the specification',
      `${LINK('"@tag"', ' as: "fed"')} type A @fed__key(fields: "id") { id: ID! }`,
      ['A'],
    ],
    ['of federation 1', 'type A @key(fields: "id") { id: ID! }', ['A']],
    ['of a type that another subgraph defines', 'extend type A @key(fields: "id") { id: ID! @external }', ['A']],
    ['that is only a reference', `${LINK('"@key"')} type A @key(fields: "id", resolvable: false) { id: ID! }`, []],
    ['of a type of this name alone', `${LINK('"@tag"')} type A @key(fields: "id") { id: ID! }`, []],
  ])('%s', (_, sdl, expected) => {
    expect(members(built(sdl))).toEqual(expected);
    expect(Boolean(built(sdl).getQueryType()?.getFields()['_entities'])).toBe(expected.length > 0);
  });
});

describe('a representation', () => {
  const sdl = `${LINK('"@key"')}
    schema { query: Root }
    type Root { none: Int }
    interface Named @key(fields: "id") { id: ID! name: String }
    type A implements Named @key(fields: "id") { id: ID! name: String }
    type B @key(fields: "id") { id: ID! }`;
  const schema = built(sdl, {
    A: { __resolveReference: ({ id }: { id: string }) => (id === '0' ? null : { id, name: `a ${id}` }) },
    Named: { __resolveReference: ({ id }: { id: string }) => Promise.resolve({ __typename: 'A', id, name: 'named' }) },
    Nobody: { field: () => 1 },
  });
  const ask = (representations: readonly object[]) =>
    graphql({
      schema,
      source:
        'query ($all: [_Any!]!) { _entities(representations: $all) { __typename ... on Named { id name } ... on B { id } } }',
      variableValues: { all: representations },
    });

  test('is resolved by its type, in order; null where there is none; as it is without a resolver', async () => {
    const all = [
      { __typename: 'A', id: '1' },
      { __typename: 'A', id: '0' },
      { __typename: 'Named', id: '2' },
      { __typename: 'B', id: '3' },
    ];
    const { data, errors } = await ask(all);
    expect(errors).toBeUndefined();
    expect(data?.['_entities']).toEqual([
      { __typename: 'A', id: '1', name: 'a 1' },
      null,
      { __typename: 'A', id: '2', name: 'named' },
      { __typename: 'B', id: '3' },
    ]);
  });

  test('of a type that there is not is an error of its own', async () => {
    const { data, errors } = await ask([
      { __typename: 'C', id: '1' },
      { __typename: 'B', id: '3' },
    ]);
    expect(data?.['_entities']).toEqual([null, { __typename: 'B', id: '3' }]);
    expect(errors?.map(({ message, path }) => [message, path])).toEqual([
      ['_entities: there is no type C', ['_entities', 0]],
    ]);
  });
});

test('a subscription has its events, and what clients get of each', () => {
  async function* subscribe(): AsyncGenerator<object> {
    yield { a: 1 };
  }
  const schema = built('type Query { a: Int } type Subscription { a: Int }', {
    Subscription: { a: { subscribe, resolve: () => 2 } },
  });
  expect(schema.getSubscriptionType()?.getFields()['a']).toMatchObject({ subscribe });
});
