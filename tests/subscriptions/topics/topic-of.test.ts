import { buildSchema, GraphQLError, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { topicOf } from '../../../plugins/subscriptions/topics/index.ts';

const SCHEMA = buildSchema(`
  directive @pubsubOperation(pubsubTopic: String!) on FIELD_DEFINITION
  type Query { a: Int }
  input Where { shop: ID deep: Where }
  type Subscription {
    plain: Price
    fixed: Price @pubsubOperation(pubsubTopic: "prices")
    ofShop(shop: ID = "main", n: Int, yes: Boolean, where: Where, tags: [String]): Price
      @pubsubOperation(pubsubTopic: "shops.{args.shop}.prices")
    deep(where: Where): Price @pubsubOperation(pubsubTopic: "at.{args.where.deep.shop}")
    list: [Thing!]! @pubsubOperation(pubsubTopic: "things")
    environment: Price @pubsubOperation(pubsubTopic: "x.{env.SECRET}")
  }
  interface Thing { id: ID! }
  type Price implements Thing { id: ID! amount: Int shop: Shop }
  type Shop implements Thing { id: ID! name: String }
  union Any = Price | Shop
`);

const of = (query: string, variables: Record<string, unknown> = {}) =>
  topicOf(SCHEMA, { document: parse(query), variables });

describe('the topic of a field', () => {
  test.each<[string, Record<string, unknown>, string | undefined]>([
    ['subscription { plain { id } }', {}, undefined],
    ['subscription { fixed { id } }', {}, 'prices'],
    ['subscription { called: fixed { id } }', {}, 'prices'],
    ['subscription { ofShop { id } }', {}, 'shops.main.prices'],
    ['subscription { ofShop(shop: "x") { id } }', {}, 'shops.x.prices'],
    ['subscription ($s: ID) { ofShop(shop: $s) { id } }', { s: 7 }, 'shops.7.prices'],
    ['subscription ($w: Where) { deep(where: $w) { id } }', { w: { deep: { shop: 'y' } } }, 'at.y'],
  ])('of %s with %j is %j', (query, variables, name) => {
    expect(of(query, variables)?.name).toBe(name);
  });

  test.each<[string, Record<string, unknown>]>([
    ['subscription ($s: ID) { ofShop(shop: $s) { id } }', { s: null }],
    ['subscription { deep { id } }', {}],
    ['subscription { deep(where: {deep: null}) { id } }', {}],
    ['subscription { environment { id } }', {}],
  ])('of %s with %j cannot be told, which the client is told', (query, variables) => {
    expect(() => of(query, variables)).toThrow(GraphQLError);
    expect(() => of(query, variables)).not.toThrow('SECRET');
  });
});

describe('a message', () => {
  const event = (query: string, message: Record<string, unknown>) => of(query)?.eventOf(message);

  test('gives what is asked for of it, by the response keys, and null for what it has not', () => {
    expect(
      event('subscription { now: fixed { key: id amount __typename shop { called: name } } }', {
        id: '1',
        shop: { id: 's', name: 'Main', secret: true },
      }),
    ).toEqual({
      data: { now: { key: '1', amount: null, __typename: 'Price', shop: { called: 'Main' } } },
    });
  });

  test('says of which type its objects are, where the schema does not', () => {
    const query = 'subscription { list { id ... on Price { amount } ...S } } fragment S on Shop { name }';
    const list = topicOf(SCHEMA, { document: parse(query), variables: {} });
    expect(list?.eventOf({ __typename: 'Price', id: '1' })).toEqual({ data: { list: null } });
  });

  test('of which a part is no object where there should be one is null there', () => {
    expect(event('subscription { fixed { shop { name } } }', { shop: 'text' })).toEqual({
      data: { fixed: { shop: null } },
    });
    expect(event('subscription { fixed { shop { name } } }', { __typename: 'Query' })).toEqual({
      data: { fixed: null },
    });
  });

  test('cannot change what objects are made of', () => {
    const message = JSON.parse('{"id":"1","__proto__":{"amount":9},"constructor":{}}') as Record<string, unknown>;
    expect(event('subscription { fixed { id amount } }', message)).toEqual({
      data: { fixed: { id: '1', amount: null } },
    });
  });
});
