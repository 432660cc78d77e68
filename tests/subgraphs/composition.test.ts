import { buildSchema, getNamedType, isCompositeType, parse, print, validate } from 'graphql';
import type { GraphQLField, GraphQLSchema } from 'graphql';
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
    ['an override', /inStock: Boolean .*@join__field\(graph: INVENTORY, override: "products"\)/],
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

describe('how long an answer may be kept reaches the gateway', () => {
  const hintOf = (coordinate: string): string | undefined => {
    const [type = '', field] = coordinate.split('.');
    const definition = publicSchema.getType(type);
    const node = field === undefined ? definition : fieldsOf(type).find(({ name }) => name === field);
    const hints = (node?.astNode?.directives ?? []).filter(({ name }) => name.value === 'cacheControl');
    // Of two subgraphs that hint one thing differently, the supergraph would have both.
    expect(hints.length).toBeLessThan(2);
    return hints[0] && print(hints[0]);
  };

  const fieldsOf = (type: string): readonly GraphQLField<unknown, unknown>[] => {
    const definition = publicSchema.getType(type);
    return definition && 'getFields' in definition
      ? (Object.values(definition.getFields()) as GraphQLField<unknown, unknown>[])
      : [];
  };

  test.each([
    ['Product', 'maxAge: 60'],
    ['Brand', 'maxAge: 60'],
    ['Product.stock', 'maxAge: 5'],
    ['Product.inStock', 'maxAge: 5'],
    ['Query.lowStock', 'maxAge: 5'],
    ['Review', 'maxAge: 30'],
    ['Product.averageRating', 'maxAge: 30'],
    ['Query.topProducts', 'maxAge: 30'],
    ['Query.me', 'maxAge: 30, scope: PRIVATE'],
    ['User.address', 'maxAge: 30, scope: PRIVATE'],
    ['User.wishlist', 'maxAge: 30, scope: PRIVATE'],
  ])('%s: %s', (coordinate, hint) => {
    expect(hintOf(coordinate)).toBe(`@cacheControl(${hint})`);
  });

  test('of all that gives objects something is said', () => {
    const silent = Object.keys(publicSchema.getTypeMap())
      .filter((type) => !type.startsWith('__') && type !== 'Mutation' && type !== 'Subscription')
      .flatMap((type) => fieldsOf(type).map((field) => ({ coordinate: `${type}.${field.name}`, field })))
      .filter(({ field }) => isCompositeType(getNamedType(field.type)))
      .filter(({ coordinate, field }) => !hintOf(coordinate) && !hintOf(getNamedType(field.type).name))
      .map(({ coordinate }) => coordinate);
    expect(silent).toEqual([]);
  });

  test('a product has a tag by its upc', () => {
    const tags = publicSchema.getType('Product')?.astNode?.directives?.filter(({ name }) => name.value === 'cacheTag');
    expect(tags?.map((tag) => print(tag))).toEqual(['@cacheTag(format: "product-{$key.upc}")']);
  });
});

test.each(queryFiles)('queries/%s asks for what the public schema has, and says what it shows', (file) => {
  expect(readQuery(file)).toMatch(/^# \S/);
  expect(validate(publicSchema, parse(readQuery(file)))).toEqual([]);
});
