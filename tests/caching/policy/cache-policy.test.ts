import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { cachePolicies, type CachePolicyOptions } from '../../../plugins/caching/policy/cache-policy.ts';
import { checkHints } from '../../../plugins/caching/policy/hints.ts';
import { operationProfiles } from '../../../plugins/operation/index.ts';

const schema = buildSchema(`
  enum CacheControlScope { PUBLIC PRIVATE }
  directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
    on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
  type Query {
    plain: Int
    kept: Int @cacheControl(maxAge: 100)
    book: Book
    books: [Book!]! @cacheControl(maxAge: 60)
    author: Author @cacheControl(maxAge: 60)
    node: Node @cacheControl(maxAge: 500)
    found: Found @cacheControl(maxAge: 500)
  }
  type Book @cacheControl(maxAge: 240) {
    title: String
    stock: Int @cacheControl(maxAge: 5)
    owner: Int @cacheControl(scope: PRIVATE)
    author: Author
    publisher: Author @cacheControl(inheritMaxAge: true)
    shelf: Shelf
  }
  type Author implements Node { name: String rank: Int @cacheControl(maxAge: 30) }
  type Shelf @cacheControl(inheritMaxAge: true) { number: Int }
  interface Node { name: String }
  type Film implements Node { name: String @cacheControl(maxAge: 20) }
  union Found = Book | Film
  type Mutation { change: Int @cacheControl(maxAge: 10) }
`);
const { profileOf } = operationProfiles();

function policy(text: string, options: Partial<CachePolicyOptions> = {}, variables: Record<string, unknown> = {}) {
  const profile = profileOf(schema, parse(text), undefined);
  return profile && cachePolicies({ defaultMaxAge: 0, hints: {}, ...options })(profile, variables);
}

const PUBLIC = 'PUBLIC';

test.each<[string, string, object]>([
  ['a root field without a hint has the default', '{ plain }', { maxAge: 0, scope: PUBLIC }],
  ['a hint on a root field', '{ kept }', { maxAge: 100, scope: PUBLIC }],
  ['the type of a field, where the field says nothing', '{ book { title } }', { maxAge: 240, scope: PUBLIC }],
  ['a field goes before its type', '{ books { title } }', { maxAge: 60, scope: PUBLIC }],
  ['the strictest of all', '{ kept books { title stock } }', { maxAge: 5, scope: PUBLIC }],
  ['one private field makes it private', '{ book { owner } }', { maxAge: 240, scope: 'PRIVATE' }],
  ['an object without a hint has the default', '{ book { author { name } } }', { maxAge: 0, scope: PUBLIC }],
  ['a field that inherits', '{ book { publisher { name } } }', { maxAge: 240, scope: PUBLIC }],
  ['a type that inherits', '{ book { shelf { number } } }', { maxAge: 240, scope: PUBLIC }],
  ['a leaf is as its parent', '{ author { name } }', { maxAge: 60, scope: PUBLIC }],
  ['a field of an interface as strict as any type has it', '{ node { name } }', { maxAge: 20, scope: PUBLIC }],
  ['only the types that are asked about', '{ node { ... on Author { name } } }', { maxAge: 500, scope: PUBLIC }],
  ['a union', '{ found { ... on Book { stock } ... on Film { name } } }', { maxAge: 5, scope: PUBLIC }],
  ['what a literal rules out is not read', '{ kept plain @skip(if: true) }', { maxAge: 100, scope: PUBLIC }],
])('%s', (_, text, expected) => {
  expect(policy(text)).toEqual(expected);
});

test('what variables rule out is not read', () => {
  const text = 'query ($with: Boolean!) { kept book @include(if: $with) { stock } }';
  expect(policy(text, {}, { with: true })).toEqual({ maxAge: 5, scope: PUBLIC });
  expect(policy(text, {}, { with: false })).toEqual({ maxAge: 100, scope: PUBLIC });
});

test('the default is an option', () => {
  expect(policy('{ plain }', { defaultMaxAge: 7 })).toEqual({ maxAge: 7, scope: PUBLIC });
});

test('options stand in place of the hints of the schema', () => {
  const hints = { Book: { maxAge: 1_000 }, 'Query.kept': { maxAge: 2, scope: 'PRIVATE' as const } };
  expect(policy('{ book { title } }', { hints })).toEqual({ maxAge: 1_000, scope: PUBLIC });
  expect(policy('{ kept }', { hints })).toEqual({ maxAge: 2, scope: 'PRIVATE' });
});

test.each(['mutation { change }', '{ __typename }', '{ __schema { types { name } } }'])('%s is never kept', (text) => {
  expect(policy(text)).toBeUndefined();
});

test('a wrong hint is named', () => {
  expect(() => checkHints({ Book: { maxAge: -1 } })).toThrow('hints["Book"].maxAge is -1; it takes seconds from 0');
});
