import { buildSchema, isObjectType, Kind, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { answerFreshness, freshnessOf } from '../../../plugins/caching/policy/answer-freshness.ts';
import { cachePolicies } from '../../../plugins/caching/policy/cache-policy.ts';
import { checkHints, type CacheHints } from '../../../plugins/caching/policy/hints.ts';
import { operationProfiles, selectionOn } from '../../../plugins/operation/index.ts';

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

interface Options {
  readonly defaultMaxAge?: number;
  readonly hints?: CacheHints;
}

function policy(
  text: string,
  { defaultMaxAge = 0, hints = {} }: Options = {},
  variables: Record<string, unknown> = {},
) {
  const selection = profileOf(schema, parse(text), undefined)?.selection ?? [];
  const hinted = cachePolicies(hints).ofQuery(selection, variables);
  return hinted && freshnessOf(hinted, undefined, defaultMaxAge);
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

test.each(['{ __typename }', '{ __schema { types { name } } }'])('%s is never kept', (text) => {
  expect(policy(text)).toBeUndefined();
});

describe('on an entity', () => {
  const entity = (typeName: string, text: string, options: Options = {}) => {
    const [definition] = parse(text).definitions;
    const type = schema.getType(typeName);
    if (definition?.kind !== Kind.OPERATION_DEFINITION || !isObjectType(type)) throw new Error('not in the schema');
    const selection = selectionOn(schema, type, definition.selectionSet, new Map()) ?? [];
    return freshnessOf(
      cachePolicies(options.hints ?? {}).ofEntity(type, selection, {}),
      undefined,
      options.defaultMaxAge ?? 0,
    );
  };

  test.each<[string, string, string, object]>([
    ['the hint of its type', 'Book', '{ title }', { maxAge: 240, scope: PUBLIC }],
    ['the strictest of its type and its fields', 'Book', '{ title stock owner }', { maxAge: 5, scope: 'PRIVATE' }],
    ['a leaf of a type without a hint has the default', 'Author', '{ name rank }', { maxAge: 0, scope: PUBLIC }],
    ['a field with a hint, of a type without', 'Author', '{ rank }', { maxAge: 30, scope: PUBLIC }],
  ])('%s', (_, type, text, expected) => {
    expect(entity(type, text)).toEqual(expected);
  });

  test('the default is no longer than a hint', () => {
    expect(entity('Author', '{ name rank }', { defaultMaxAge: 90 })).toEqual({ maxAge: 30, scope: PUBLIC });
  });
});

describe('what a subgraph says of its answer', () => {
  const said = (cacheControl: string | null, age: string | null = null, vary: string | null = null) =>
    answerFreshness({ 'cache-control': cacheControl, age, vary }, ['accept-language']);

  test.each<[string | null, string | null, string | null, object | undefined]>([
    [null, null, null, undefined],
    ['max-age=60', null, null, { maxAge: 60, scope: PUBLIC }],
    ['Public, Max-Age=60', null, null, { maxAge: 60, scope: PUBLIC }],
    ['max-age=60', '15', null, { maxAge: 45, scope: PUBLIC }],
    ['max-age=60', '90', null, { maxAge: 0, scope: PUBLIC }],
    ['max-age=60, s-maxage=10', null, null, { maxAge: 10, scope: PUBLIC }],
    ['private, max-age=60', null, null, { maxAge: 60, scope: 'PRIVATE' }],
    ['private="set-cookie, x", max-age=60', null, null, { maxAge: 60, scope: 'PRIVATE' }],
    ['no-store, max-age=60', null, null, { maxAge: 0, scope: PUBLIC }],
    ['no-cache', null, null, { maxAge: 0, scope: PUBLIC }],
    ['max-age=60', null, '*', { maxAge: 0, scope: PUBLIC }],
    ['max-age=60', null, 'Cookie', { maxAge: 0, scope: PUBLIC }],
    ['max-age=60', null, 'Accept-Encoding, Accept-Language', { maxAge: 60, scope: PUBLIC }],
    ['public', null, null, undefined],
    ['max-age=soon', null, null, undefined],
  ])('Cache-Control: %s, Age: %s, Vary: %s', (cacheControl, age, vary, expected) => {
    expect(said(cacheControl, age, vary)).toEqual(expected);
  });

  test('stands in place of the default, and never of a stricter hint', () => {
    const answer = { maxAge: 60, scope: 'PRIVATE' as const };
    const hinted = { maxAge: 30, hasDefault: true, scope: 'PUBLIC' as const };
    expect(freshnessOf(hinted, answer, 0)).toEqual({ maxAge: 30, scope: 'PRIVATE' });
    expect(freshnessOf({ ...hinted, maxAge: undefined }, answer, 0)).toEqual(answer);
    expect(freshnessOf({ ...hinted, maxAge: 90 }, answer, 0)).toEqual(answer);
  });
});

test('a wrong hint is named', () => {
  expect(() => checkHints({ Book: { maxAge: -1 } })).toThrow('hints["Book"].maxAge is -1; it takes seconds from 0');
});
