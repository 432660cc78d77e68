import fc from 'fast-check';
import { buildSchema, parse, validate, type GraphQLObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entityKeys, keyOf } from '../../../plugins/caching/tags/entity-keys.ts';
import { responseTags } from '../../../plugins/caching/tags/response-tags.ts';
import { tagsToInvalidate, type Invalidation, type Tag } from '../../../plugins/caching/tags/tag.ts';
import { operationProfiles } from '../../../plugins/operation/index.ts';
import {
  answerAsOne,
  guardedFederation,
  type GuardedFederation,
  type Numbered,
} from '../../authorization/cases/guarded-federation.ts';
import { operations } from '../../authorization/cases/operations.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);
const { profileOf } = operationProfiles();

describe('the tags of a response', () => {
  const schema = buildSchema(`
    directive @join__type(graph: String, key: String) repeatable on OBJECT
    directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION
    type Query {
      product(upc: ID): Product @cacheTag(format: "asked-{$args.upc}")
      products: [Product]
      item: Item
    }
    interface Item { upc: ID }
    type Product implements Item @join__type(graph: "A", key: "upc") @join__type(graph: "B", key: "sku brand { id }")
      @cacheTag(format: "product-{$key.upc}") @cacheTag(format: "brand-{$key.brand.id}") {
      upc: ID sku: String brand: Brand price: Int
    }
    type Brand { id: ID }
    type Card implements Item @join__type(graph: "A", key: "upc") { upc: ID }
  `);

  function tagsOf(query: string, data: Record<string, unknown>, variables = {}): readonly Tag[] {
    const profile = profileOf(schema, parse(query), undefined);
    return responseTags(schema, entityKeys(schema)).ofData(profile?.selection ?? [], data, variables);
  }

  const hits = (tags: readonly Tag[], invalidation: Invalidation): boolean =>
    tagsToInvalidate(invalidation).some((tag) => tags.includes(tag));
  const product = (key: Record<string, unknown>): Invalidation => ({ kind: 'entity', type: 'Product', key });

  test('an entity is found by each key that the client has asked for, and only by its own', () => {
    const tags = tagsOf('{ product { upc s: sku brand { id } } }', {
      product: { upc: '1', s: 'a', brand: { id: 'x' } },
    });
    expect(hits(tags, product({ upc: '1' }))).toBe(true);
    expect(hits(tags, product({ upc: 1 }))).toBe(true);
    expect(hits(tags, product({ brand: { id: 'x' }, sku: 'a' }))).toBe(true);
    expect(hits(tags, product({ upc: '2' }))).toBe(false);
    expect(hits(tags, product({ brand: { id: 'y' }, sku: 'a' }))).toBe(false);
    expect(hits(tags, { kind: 'entity', type: 'Card', key: { upc: '1' } })).toBe(false);
    expect(hits(tags, { kind: 'tag', tag: 'product-1' })).toBe(true);
    expect(hits(tags, { kind: 'tag', tag: 'brand-x' })).toBe(true);
    expect(hits(tags, { kind: 'tag', tag: 'product-2' })).toBe(false);
  });

  test('an entity of which the client has not asked for the key is found by any', () => {
    const tags = tagsOf('{ products { price } }', { products: [{ price: 1 }, null, { price: 2 }] });
    expect(hits(tags, product({ upc: '7' }))).toBe(true);
    expect(hits(tags, product({ sku: 'z', brand: { id: '9' } }))).toBe(true);
    expect(hits(tags, { kind: 'tag', tag: 'product-7' })).toBe(true);
    expect(hits(tags, { kind: 'type', type: 'Product' })).toBe(true);
    expect(hits(tags, { kind: 'type', type: 'Brand' })).toBe(false);
  });

  test('an object that may be of several types counts as each, unless it tells its own', () => {
    const untold = tagsOf('{ item { upc } }', { item: { upc: '1' } });
    expect(hits(untold, product({ upc: '1' }))).toBe(true);
    expect(hits(untold, { kind: 'entity', type: 'Card', key: { upc: '1' } })).toBe(true);
    const told = tagsOf('{ item { t: __typename upc } }', { item: { t: 'Card', upc: '1' } });
    expect(hits(told, product({ upc: '1' }))).toBe(false);
    expect(hits(told, { kind: 'entity', type: 'Card', key: { upc: '1' } })).toBe(true);
    expect(hits(told, { kind: 'entity', type: 'Card', key: { upc: '2' } })).toBe(false);
  });

  test('what is not there yet is found by whatever may come to be there', () => {
    for (const data of [{ products: [] }, { products: null }, { products: [null] }]) {
      const tags = tagsOf('{ products { upc } }', data);
      expect(hits(tags, product({ upc: '7' }))).toBe(true);
      expect(hits(tags, { kind: 'type', type: 'Product' })).toBe(true);
      expect(hits(tags, { kind: 'tag', tag: 'product-7' })).toBe(true);
      expect(hits(tags, { kind: 'type', type: 'Card' })).toBe(false);
    }
  });

  test('a field names its answers by its arguments', () => {
    const query = 'query ($upc: ID = "3") { product(upc: $upc) { upc brand { id } } }';
    const data = { product: { upc: '1', brand: { id: 'x' } } };
    expect(hits(tagsOf(query, data, { upc: '1' }), { kind: 'tag', tag: 'asked-1' })).toBe(true);
    expect(hits(tagsOf(query, data, { upc: '2' }), { kind: 'tag', tag: 'asked-1' })).toBe(false);
    expect(hits(tagsOf('{ product(upc: "1") { upc brand { id } } }', data), { kind: 'tag', tag: 'asked-1' })).toBe(
      true,
    );
  });

  test('what a subgraph was asked for an entity by counts as what is known of it', () => {
    const tags = (representation: Record<string, unknown>, entity?: Record<string, unknown>) => {
      const selection = profileOf(schema, parse('{ product { price } }'), undefined)?.selection?.[0]?.selections ?? [];
      const type = schema.getType('Product') as GraphQLObjectType;
      return responseTags(schema, entityKeys(schema)).ofEntity(type, selection, entity, representation, {});
    };
    const byUpc = tags({ __typename: 'Product', upc: '1' }, { price: 1 });
    expect(hits(byUpc, product({ upc: '1' }))).toBe(true);
    expect(hits(byUpc, product({ upc: '2' }))).toBe(false);
    expect(hits(byUpc, { kind: 'tag', tag: 'product-1' })).toBe(true);
    const bySku = tags({ __typename: 'Product', sku: 'a', brand: { id: 'x' } });
    expect(hits(bySku, product({ sku: 'a', brand: { id: 'x' } }))).toBe(true);
    expect(hits(bySku, product({ sku: 'a', brand: { id: 'y' } }))).toBe(false);
    expect(hits(bySku, { kind: 'tag', tag: 'brand-x' })).toBe(true);
  });

  test('a response of very many entities has the tags of its types, and is found by any of them', () => {
    const products = Array.from({ length: 5_000 }, (_, index) => ({ upc: String(index) }));
    const tags = tagsOf('{ products { upc } }', { products });
    expect(tags.length).toBeLessThan(10);
    expect(hits(tags, product({ upc: '17' }))).toBe(true);
    expect(hits(tags, { kind: 'tag', tag: 'product-17' })).toBe(true);
  });
});

test('the fields of a key are the same in whatever order they are written', () => {
  expect(keyOf('sku brand { id }').fields).toBe(keyOf('brand{id} sku').fields);
});

describe('whatever a client asks, each entity that it gets is found when it is invalidated', () => {
  let federation: GuardedFederation;
  beforeAll(async () => {
    federation = await guardedFederation({});
  });
  afterAll(() => federation[Symbol.dispose]());

  test('by its key, and by its type', () => {
    const { publicSchema: schema, supergraphSdl } = federation;
    const keysOf = entityKeys(buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true }));
    let found = 0;
    fc.assert(
      fc.property(operations(schema, 3), (text) => {
        const document = parse(text);
        if (validate(schema, document).length > 0) return;
        const got: Numbered[] = [];
        const { data } = answerAsOne(
          schema,
          document,
          {},
          () => false,
          (object) => {
            got.push(object);
            return false;
          },
        );
        const profile = profileOf(schema, document, undefined);
        if (!profile?.selection || !data) return;
        const tags = new Set(responseTags(schema, keysOf).ofData(profile.selection, data, {}));
        for (const { __typename: type, number } of got) {
          expect(tags, text).toContain(tagsToInvalidate({ kind: 'type', type })[0]);
          for (const { fields } of keysOf(type)) {
            const key = { [fields]: String(number) };
            expect(
              tagsToInvalidate({ kind: 'entity', type, key }).some((tag) => tags.has(tag)),
              text,
            ).toBe(true);
            found++;
          }
        }
      }),
      { numRuns: RUNS },
    );
    expect(found).toBeGreaterThan(RUNS);
  });
});
