import { buildSchema, parse, validate } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { runDemoSubgraphs } from './running.ts';
import { composeRunning, queryFiles, readQuery } from './supergraph.ts';

const urlOf = runDemoSubgraphs();
let supergraphSdl: string;
let publicSchema: GraphQLSchema;

beforeAll(async () => {
  const composed = await composeRunning(urlOf);
  supergraphSdl = composed.supergraphSdl;
  publicSchema = buildSchema(composed.publicSdl);
});

describe('the four subgraphs make one supergraph', () => {
  test('a union and an interface hold the members and fields of all subgraphs', () => {
    const members = (name: string): string[] =>
      publicSchema.getPossibleTypes(publicSchema.getType(name) as never).map((type) => type.name);
    expect(members('Subject').toSorted()).toEqual(['Brand', 'Product', 'User']);
    expect(members('Item').toSorted()).toEqual(['GiftCard', 'Product']);
    expect(
      Object.keys((publicSchema.getType('Item') as never as { getFields(): object }).getFields()).toSorted(),
    ).toEqual(['name', 'price', 'stock', 'upc']);
  });

  test.each([
    ['a compound key', /@join__type\(graph: PRODUCTS, key: "sku brand \{ id \}"\)/],
    ['a second key', /@join__type\(graph: ACCOUNTS, key: "username"\)/],
    ['an override', /inStock: Boolean @join__field\(graph: INVENTORY, override: "products"\)/],
    ['a progressive override', /override: "products", overrideLabel: "percent\(10\)"/],
    ['a requirement', /shippingEstimate: Int @join__field\(graph: INVENTORY, requires: "price weight"\)/],
    ['a provided field', /author: User @join__field\(graph: REVIEWS, provides: "username"\)/],
  ])('%s reaches the supergraph', (_, pattern) => {
    expect(supergraphSdl).toMatch(pattern);
  });

  test.each([
    ['Query', 'search', 'cost'],
    ['Query', 'products', 'listSize'],
    ['User', 'email', 'authenticated'],
    ['User', 'address', 'requiresScopes'],
    ['User', 'taxId', 'policy'],
    ['Product', 'costPrice', 'policy'],
    ['Product', 'shippingEstimate', 'cost'],
    ['Product', 'warehouses', 'listSize'],
    ['Warehouse', 'capacity', 'requiresScopes'],
  ])('%s.%s carries @%s for the gateway', (type, field, directive) => {
    const supergraph = buildSchema(supergraphSdl, { assumeValid: true });
    const { astNode } = (supergraph.getType(type) as never as ReturnType<GraphQLSchema['getQueryType']>)?.getFields()[
      field
    ] ?? { astNode: undefined };
    expect(astNode?.directives?.map(({ name }) => name.value)).toContain(directive);
  });
});

test.each(queryFiles)('queries/%s asks for what the public schema has, and says what it shows', (file) => {
  expect(readQuery(file)).toMatch(/^# \S/);
  expect(validate(publicSchema, parse(readQuery(file)))).toEqual([]);
});
