import { buildSchema, type GraphQLSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { compose } from '../../../plugins/composition/compose.ts';
import type { Subgraph } from '../../../plugins/composition/subgraph.ts';
import { subscriptionFilters } from '../../../plugins/subscriptions/filter/index.ts';
import { caller, DEFINITION } from './cases/filtered.ts';

function subgraph(name: string, sdl: string, imported = '"@subscriptionFilter"', directive = '@subscriptionFilter') {
  const text = `
    extend schema
      @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
      @link(url: "https://gatehouse.dev/subscriptions/v1.0", import: [${imported}])
      @composeDirective(name: "${directive}")
    ${DEFINITION.replace('@subscriptionFilter', directive)}
    ${sdl}`;
  return { name, url: `http://${name}`, schema: { kind: 'sdl', text } } satisfies Subgraph;
}

function composed(...subgraphs: readonly Subgraph[]): { supergraph: GraphQLSchema; publicSchema: GraphQLSchema } {
  const result = compose(subgraphs);
  if (!result.composes) throw new Error(JSON.stringify(result.conflicts));
  return { supergraph: buildSchema(result.supergraphSdl), publicSchema: buildSchema(result.publicSdl) };
}

const CONDITION = `{
  AND: [{ IN: { fieldPath: "tenant", values: ["{{ principal.claims.tenant }}"] } },
        { NOT: { IN: { fieldPath: "buyer.country", values: ["{{ args.region }}", "XX", 9007199254740993, 1.5, true, null, OPEN] } } }] }`;

const APPLIED = /@subscriptionFilter\(condition: \{[^]*?\}\)/g;

const ORDERS = subgraph(
  'orders',
  `type Query { order: Order }
  type Subscription {
    orderChanged(region: String): Order
      @subscriptionFilter(condition: ${CONDITION})
      @subscriptionFilter(condition: { IN: { fieldPath: "id", values: ["1", "2"] } })
    other: Order
  }
  type Order @key(fields: "id") { id: ID tenant: String buyer: Buyer }
  type Buyer { country: String }`,
);
const STOCK = subgraph(
  'stock',
  `type Query { stock: Int }
  type Subscription { stockChanged: Order @subscriptionFilter(condition: { IN: { fieldPath: "id", values: ["1"] } }) }
  type Order @key(fields: "id") { id: ID weight: Int }`,
);

describe('what a subgraph says of its events survives composition', () => {
  const { supergraph, publicSchema } = composed(ORDERS, STOCK);

  test.each([
    ['in the supergraph', supergraph],
    ['in what clients see', publicSchema],
  ])('%s', (_, schema) => {
    const told: string[] = [];
    const filters = subscriptionFilters(schema, (at, problem) => told.push(`${at} ${problem}`));
    expect(told).toEqual([]);
    const filter = filters('orderChanged');
    expect(filter?.paths).toEqual(['buyer.country', 'id', 'tenant']);
    const passes = filter?.for({ region: 'FR' }, caller({ claims: { tenant: 'acme' } }));
    const event = { id: 1, tenant: 'acme', buyer: { country: 'DE' } };
    expect(passes?.(event)).toBe(true);
    expect(passes?.({ ...event, id: 3 })).toBe(false);
    expect(passes?.({ ...event, tenant: 'other' })).toBe(false);
    for (const country of ['FR', 'XX', 'OPEN', '9007199254740993', 1.5, true, null]) {
      expect(passes?.({ ...event, buyer: { country } })).toBe(false);
    }
    expect(filters('stockChanged')?.paths).toEqual(['id']);
    expect(filters('other')).toBeUndefined();
  });

  test('and adds one scalar to what clients see', () => {
    const plain = [ORDERS, STOCK].map(({ name, url, schema }): Subgraph => {
      const text = schema.text
        .replace(DEFINITION, '')
        .replace(/@composeDirective\(.*/, '')
        .replaceAll(APPLIED, '');
      return { name, url, schema: { kind: 'sdl', text } };
    });
    const without = Object.keys(composed(...plain).publicSchema.getTypeMap());
    const added = Object.keys(publicSchema.getTypeMap()).filter((name) => !without.includes(name));
    expect(added).toEqual(['SubscriptionFilterCondition']);
    expect(publicSchema.getType('SubscriptionFilterCondition')?.astNode?.kind).toBe('ScalarTypeDefinition');
  });
});

test('a filter is found under the name that a subgraph imports it by', () => {
  const { publicSchema } = composed(
    subgraph(
      'orders',
      `type Query { a: Int } type Order { id: ID }
      type Subscription { changed: Order @gate__subscriptionFilter(condition: { IN: { fieldPath: "id", values: [1] } }) }`,
      '{ name: "@subscriptionFilter", as: "@gate__subscriptionFilter" }',
      '@gate__subscriptionFilter',
    ),
  );
  expect(subscriptionFilters(publicSchema, () => {})('changed')?.paths).toEqual(['id']);
});

test('composition itself does not see that a filter is wrong', () => {
  const wrong = '{ IN: { fieldPath: "nope", values: [1] } }';
  const { publicSchema } = composed(
    subgraph(
      'a',
      `type Query { a: Int } type A { id: ID } type Subscription { a: A @subscriptionFilter(condition: ${wrong}) }`,
    ),
  );
  const told: string[] = [];
  const filters = subscriptionFilters(publicSchema, (...about) => told.push(about.join(' ')));
  expect(told).toEqual(['Subscription.a @subscriptionFilter: "nope": "A" has no field "nope"']);
  expect(filters('a')?.for({}, caller())({ id: 1 })).toBe(false);
});
