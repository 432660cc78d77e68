import { buildSchema, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { mutationHints } from '../../../plugins/caching/invalidation/mutation-hints.ts';
import { parseRequest } from '../../../plugins/caching/invalidation/request.ts';
import { entitiesIn } from '../../../plugins/caching/tags/entities-in.ts';
import { entityKeys } from '../../../plugins/caching/tags/entity-keys.ts';
import { operationProfiles } from '../../../plugins/operation/index.ts';

const schema = buildSchema(`
  directive @join__type(graph: String, key: String) repeatable on OBJECT
  directive @cacheInvalidate(type: String, key: String, tag: String) repeatable on FIELD_DEFINITION
  type Query { product: Product }
  type Mutation {
    product: Product
    things: [Thing]
    tagged(input: Input): Int @cacheInvalidate(tag: "product-{$args.input.upc}") @cacheInvalidate(tag: "home")
    typed: Int @cacheInvalidate(type: "Product")
    keyed(upc: ID): Int @cacheInvalidate(type: "Product", key: "{\\"upc\\": \\"{$args.upc}\\", \\"in\\": {\\"n\\": 1}}")
    broken: Int @cacheInvalidate(type: "Product", key: "upc")
    empty: Int @cacheInvalidate
    listed(input: Input): Int @cacheInvalidate(tag: "{$args.input}")
  }
  input Input { upc: ID }
  union Thing = Product | Plain
  type Product @join__type(graph: "A", key: "upc") @join__type(graph: "B", key: "sku") { upc: ID sku: ID name: String related: [Product] }
  type Plain { name: String }
`);
const { profileOf } = operationProfiles();
const selectionOf = (text: string) => profileOf(schema, parse(text), undefined)?.selection ?? [];

describe('what a mutation says that it changes', () => {
  function hinted(text: string, variables: Record<string, unknown> = {}) {
    const problems: string[] = [];
    const invalidations = mutationHints(selectionOf(text), variables, (coordinate, problem) =>
      problems.push(`${coordinate}: ${problem}`),
    );
    return { invalidations, problems };
  }

  test.each<[string, Record<string, unknown>, readonly object[]]>([
    [
      'mutation { tagged(input: {upc: "1"}) }',
      {},
      [
        { kind: 'tag', tag: 'product-1' },
        { kind: 'tag', tag: 'home' },
      ],
    ],
    [
      'mutation ($u: ID) { a: tagged(input: {upc: $u}) }',
      { u: 7 },
      [
        { kind: 'tag', tag: 'product-7' },
        { kind: 'tag', tag: 'home' },
      ],
    ],
    ['mutation { typed }', {}, [{ kind: 'type', type: 'Product' }]],
    ['mutation { keyed(upc: "1") }', {}, [{ kind: 'entity', type: 'Product', key: { upc: '1', in: { n: 1 } } }]],
    [
      'mutation ($u: ID) { keyed(upc: $u) }',
      { u: '", "sku": "2' },
      [{ kind: 'entity', type: 'Product', key: { upc: '", "sku": "2', in: { n: 1 } } }],
    ],
    ['mutation { product { upc } }', {}, []],
  ])('%s with %j', (text, variables, invalidations) => {
    expect(hinted(text, variables)).toEqual({ invalidations, problems: [] });
  });

  test.each([
    ['mutation { broken }', 'Mutation.broken: its key upc takes JSON such as {"id": "{$args.id}"}'],
    ['mutation { empty }', 'Mutation.empty: it takes a type or a tag'],
    [
      'mutation { listed(input: {upc: "1"}) }',
      'Mutation.listed: its tag "{$args.input}" needs an argument that is no text or number',
    ],
  ])('%s cannot be followed, and that is told', (text, problem) => {
    expect(hinted(text)).toEqual({ invalidations: [], problems: [problem] });
  });
});

describe('the entities that a mutation answers with', () => {
  const changed = (text: string, data: Record<string, unknown>) =>
    entitiesIn(schema, entityKeys(schema), selectionOf(text), data);

  test('are known by a key that was asked for, at any depth', () => {
    const data = { product: { u: '1', related: [{ sku: 'b' }, null] } };
    expect(changed('mutation { product { u: upc related { sku } } }', data)).toEqual([
      { kind: 'entity', type: 'Product', key: { upc: '1' } },
      { kind: 'entity', type: 'Product', key: { sku: 'b' } },
    ]);
  });

  test('are all of their type where none was', () => {
    const data = { product: { upc: '1', related: [{ name: 'x' }] } };
    expect(changed('mutation { product { upc related { name } } }', data)).toEqual([{ kind: 'type', type: 'Product' }]);
  });

  test('are those that it may be where nobody asked what it is', () => {
    expect(changed('mutation { things { ... on Product { name } } }', { things: [{ name: 'x' }] })).toEqual([
      { kind: 'type', type: 'Product' },
    ]);
    expect(
      changed('mutation { things { __typename ... on Plain { name } } }', {
        things: [{ __typename: 'Plain', name: 'x' }],
      }),
    ).toEqual([]);
  });

  test('are all of their type where there are very many', () => {
    const related = Array.from({ length: 1_000 }, (_, i) => ({ upc: String(i) }));
    expect(changed('mutation { product { upc related { upc } } }', { product: { upc: 'x', related } })).toEqual([
      { kind: 'type', type: 'Product' },
    ]);
  });

  test('are none where there is nothing', () => {
    expect(changed('mutation { product { upc } }', { product: null })).toEqual([]);
  });
});

describe('the body of a webhook', () => {
  test('is what is invalid', () => {
    const invalidate = [
      { kind: 'entity', type: 'Product', key: { upc: '1' } },
      { kind: 'type', type: 'Product' },
      { kind: 'subgraph', subgraph: 'reviews' },
      { kind: 'tag', tag: 'homepage' },
      { kind: 'all' },
    ];
    expect(parseRequest({ invalidate })).toEqual({ invalidations: invalidate });
  });

  test.each([
    [null],
    [[]],
    [{}],
    [{ invalidate: [] }],
    [{ invalidate: { kind: 'all' } }],
    [{ invalidate: [{ kind: 'entity', type: 'Product' }] }],
    [{ invalidate: [{ kind: 'entity', type: 'Product', key: {} }] }],
    [{ invalidate: [{ kind: 'type', type: '' }] }],
    [{ invalidate: [{ kind: 'all' }, { kind: 'none' }] }],
    [{ invalidate: Array.from({ length: 1_001 }, () => ({ kind: 'all' })) }],
  ])('%j is refused as a whole', (body) => {
    expect(parseRequest(body)).toEqual({ error: expect.stringContaining('The body must be {"invalidate": [...]}') });
  });
});
