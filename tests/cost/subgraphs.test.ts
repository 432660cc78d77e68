import { filterInternalFieldsAndTypes } from '@graphql-tools/federation';
import { buildSchema, parse, validate, type GraphQLSchema } from 'graphql';
import { expect, test } from 'vitest';
import { compose } from '../../plugins/composition/compose.ts';
import { joinOwners, operationProfiles } from '../../plugins/operation/index.ts';
import { ABSTRACT } from './cases/schemas.ts';

/** The supergraph, and what of it the gateway gives its plugins. */
function composed(subgraphs: Readonly<Record<string, string>>, imports: string) {
  const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${imports}])`;
  const composition = compose(
    Object.entries(subgraphs).map(([name, sdl]) => ({
      name,
      url: `http://${name}.test/graphql`,
      schema: { kind: 'sdl', text: `${link} ${sdl}` },
    })),
  );
  if (!composition.composes) throw new Error(JSON.stringify(composition.conflicts));
  const supergraph = buildSchema(composition.supergraphSdl, { assumeValid: true, assumeValidSDL: true });
  return { supergraph, schema: filterInternalFieldsAndTypes(supergraph) };
}

function costOf(schema: GraphQLSchema, text: string, ownersOf = joinOwners(schema)) {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  return operationProfiles({ ownersOf }).profileOf(schema, document, undefined)?.cost;
}

const SHOP = {
  products: `
    type Query { products(first: Int): [Product!]! @COST(weight: 3) @SIZE(slicingArguments: ["first"]) }
    type Mutation { restock(upc: ID!): Product }
    type Product @key(fields: "upc") @COST(weight: 2) { upc: ID! name: String maker: Maker @shareable }
    type Maker @shareable { name: String country: Country }
    type Country @shareable { code: ID }
  `,
  reviews: `
    type Query { reviews(by: By): [Review] @SIZE(assumedSize: 4) }
    input By { author: ID @COST(weight: 5) }
    type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! @SIZE(assumedSize: 4) }
    type Review @COST(weight: 1) { id: ID stars: Stars product: Product maker: Maker @shareable }
    scalar Stars @COST(weight: 6)
    type Maker @shareable { name: String country: Country }
    type Country @shareable { code: ID }
  `,
};

function shop(cost: string, listSize: string, imports: string) {
  const named = Object.entries(SHOP).map(
    ([name, sdl]) => [name, sdl.replaceAll('@COST', cost).replaceAll('@SIZE', listSize)] as const,
  );
  return composed(Object.fromEntries(named), `"@key", "@shareable", ${imports}`);
}

test.each([
  ['as they are', '@cost', '@listSize', '"@cost", "@listSize"'],
  ['not imported', '@federation__cost', '@federation__listSize', ''],
  ['one of them imported', '@federation__cost', '@listSize', '"@listSize"'],
  ['under other names', '@price', '@pages', '{ name: "@cost", as: "@price" }, { name: "@listSize", as: "@pages" }'],
])('weights and sizes are read of what composition writes: %s', (_names, cost, listSize, imports) => {
  const { schema } = shop(cost, listSize, imports);

  // 3 + 2 products * (2 + 4 reviews * (1 + 6))
  expect(costOf(schema, '{ products(first: 2) { reviews { stars } } }')?.estimate({}).total).toBe(63);
  // 1 + 5 for the argument, and 4 reviews
  expect(costOf(schema, '{ reviews(by: { author: 1 }) { id } }')?.estimate({}).total).toBe(10);
});

test('a directive of another meaning, whose name is free since that of the weight is another, is not read', () => {
  const sdl = `
    directive @cost(weight: Int) on FIELD_DEFINITION
    type Query { a: Int @price(weight: 2) b: Int @cost(weight: 50) }
  `;
  const linked = buildSchema(
    `schema @link(url: "https://specs.apollo.dev/cost/v0.1", import: [{ name: "@cost", as: "@price" }]) { query: Query } ${sdl}`,
    { assumeValidSDL: true },
  );

  expect(costOf(linked, '{ a b }')?.estimate({}).total).toBe(2);
});

test('a subgraph has what its own fields cost, and one field that several own counts for each', () => {
  const { supergraph, schema } = shop('@cost', '@listSize', '"@cost", "@listSize"');
  const cost = costOf(
    schema,
    '{ products(first: 2) { reviews { stars maker { country { code } } } } }',
    joinOwners(supergraph),
  );

  // products: 3 + 2 * (2 + 4 countries); reviews: 2 * 4 * (1 + 6 + a maker and a country)
  expect(cost?.estimate({})).toEqual({
    total: 79,
    bySubgraph: new Map([
      ['reviews', 72],
      ['products', 15],
    ]),
  });
});

test('the actual cost is split in the same way', () => {
  const { supergraph, schema } = shop('@cost', '@listSize', '"@cost", "@listSize"');
  const cost = costOf(schema, '{ products(first: 2) { name reviews { stars } } }', joinOwners(supergraph));
  const data = { products: [{ name: 'x', reviews: [{ stars: 5 }, { stars: null }] }] };

  expect(cost?.actual(data, {})).toEqual({
    total: 13,
    bySubgraph: new Map([
      ['reviews', 8],
      ['products', 5],
    ]),
  });
});

test('a mutation is 10 for each subgraph that a field of its root is of', () => {
  const { supergraph, schema } = shop('@cost', '@listSize', '"@cost", "@listSize"');
  const cost = costOf(schema, 'mutation { restock(upc: 1) { reviews { id } } }', joinOwners(supergraph));

  expect(cost?.estimate({})).toEqual({
    total: 16,
    bySubgraph: new Map([
      ['reviews', 4],
      ['products', 12],
    ]),
  });
});

test('owners are read of the joins, those that only refer to a field are none', () => {
  const { supergraph, schema } = shop('@cost', '@listSize', '"@cost", "@listSize"');
  const ownersOf = joinOwners(supergraph);

  expect(ownersOf('Product.name')).toEqual(['products']);
  expect(ownersOf('Product.upc')).toEqual(['products', 'reviews']);
  expect(ownersOf('Maker.country')).toEqual(['products', 'reviews']);
  expect(ownersOf('Product.nothing')).toEqual(['products', 'reviews']);
  expect(ownersOf('Nothing.at')).toEqual([]);
  expect(joinOwners(schema)('Product.name')).toEqual([]);

  const shared = composed(
    {
      a: 'type Query { one: Thing } type Thing @key(fields: "id") { id: ID! size: Int }',
      b: 'type Thing @key(fields: "id") { id: ID! size: Int @external volume: Int @requires(fields: "size") }',
    },
    '"@key", "@external", "@requires"',
  );
  expect(joinOwners(shared.supergraph)('Thing.size')).toEqual(['a']);
});

test('objects are of the subgraph that owns the field of their type, where other types have it of another', () => {
  const owners: Readonly<Record<string, readonly string[]>> = { 'Cheap.parts': ['a'], 'Dear.parts': ['b'] };
  const cost = costOf(ABSTRACT, '{ thing { parts(first: 1) { id } } }', (coordinate) => owners[coordinate] ?? ['c']);

  expect(cost?.estimate({})).toEqual({
    total: 29,
    bySubgraph: new Map([
      ['a', 1],
      ['b', 20],
      ['c', 9],
    ]),
  });
});

test('without owners there is no split', () => {
  const { schema } = shop('@cost', '@listSize', '"@cost", "@listSize"');
  const profile = operationProfiles().profileOf(schema, parse('{ reviews { id } }'), undefined);

  expect(profile?.cost.estimate({})).toEqual({ total: 4, bySubgraph: new Map() });
});
