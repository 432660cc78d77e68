import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { hashOfVariables, operationProfiles } from '../../plugins/operation/index.ts';

const schema = buildSchema(`
  scalar Money
  directive @live on QUERY
  directive @style(as: String, x: Int) on FIELD
  directive @tag on INLINE_FRAGMENT | FRAGMENT_SPREAD | FRAGMENT_DEFINITION | VARIABLE_DEFINITION
  type Query { me: User maker: Maker node(id: ID!): Node search: [Result!] list(in: In, ids: [ID!], n: Int! = 3): Int pay(sum: Money): Int b: Int }
  type Mutation { one: Int two: Int b: Int }
  input In { a: Int b: [Int] m: Money }
  interface Node { id: ID }
  interface Named { name: String }
  interface Aged { age: Int }
  type User implements Node & Named & Aged { id: ID name: String age: Int best: User }
  type Post implements Node & Named { id: ID name: String title: String }
  type Cat implements Named & Aged { name: String age: Int }
  type Dog implements Aged { age: Int }
  interface Crafts { made: Node }
  interface Works { made: User }
  type Smith implements Crafts & Works { made: User }
  type Baker implements Crafts & Works { made: User }
  union Maker = Smith | Baker
  union Always = User | Post | Cat
  union Result = User | Post | Cat | Dog
`);
const { profileOf } = operationProfiles();

function normalForm(text: string) {
  const document = parse(text);
  expect(validate(schema, document), text).toEqual([]);
  return profileOf(schema, document, undefined)?.normalForm;
}

function meaning(text: string, given: Record<string, unknown> = {}): string {
  const normal = normalForm(text);
  const variables = normal?.canonicalVariables(given);
  if (!normal || !variables) throw new Error(`no meaning: ${text}`);
  return `${normal.hash} ${hashOfVariables(variables)}`;
}

test.each<[string, string, string]>([
  ['a field more', '{ me { id } }', '{ me { id name } }'],
  ['another field', '{ me { id } }', '{ me { name } }'],
  ['an alias', '{ me { id } }', '{ me { a: id } }'],
  ['the order of fields', '{ me { id name } }', '{ me { name id } }'],
  ['the order of a mutation', 'mutation { one two }', 'mutation { two one }'],
  ['the kind of operation', '{ b }', 'mutation { b }'],
  ['an argument', '{ list(n: 1) }', '{ list(n: 2) }'],
  ['an argument left out', '{ list(n: 1) }', '{ list }'],
  ['null and nothing', '{ list(in: null) }', '{ list }'],
  ['another argument', '{ list(ids: null) }', '{ list(in: null) }'],
  ['an item of a list', '{ list(ids: [1, 2]) }', '{ list(ids: [2, 1]) }'],
  ['an input field', '{ list(in: { a: 1 }) }', '{ list(in: { b: 1 }) }'],
  ['a number that JSON does not tell from another', '{ pay(sum: 9007199254740993) }', '{ pay(sum: 9007199254740992) }'],
  ['a name and a string', '{ pay(sum: EURO) }', '{ pay(sum: "EURO") }'],
  ['a type condition', '{ node(id: 1) { id } }', '{ node(id: 1) { ... on User { id } } }'],
  ['another type condition', '{ search { ... on Named { name } } }', '{ search { ... on User { name } } }'],
  [
    '@skip and @include',
    'query ($v: Boolean = true) { b @skip(if: $v) me { id } }',
    'query ($v: Boolean = true) { b @include(if: $v) me { id } }',
  ],
  [
    'where a condition stands',
    'query ($v: Boolean = true) { me @skip(if: $v) { id } }',
    'query ($v: Boolean = true) { me { id @skip(if: $v) } }',
  ],
  ['a default', 'query ($n: Int! = 1) { list(n: $n) }', 'query ($n: Int! = 2) { list(n: $n) }'],
  ['a directive of the schema', '{ b }', '{ b @style(as: "x") }'],
  ['an argument of a directive', '{ b @style(as: "y") }', '{ b @style(as: "x") }'],
  ['a directive on one of two', '{ b b @style(as: "x") }', '{ b }'],
  [
    'two type conditions that only together let in so few',
    '{ search { ... on Aged { ... on Named { name } } } }',
    '{ search { ... on Named { name } } }',
  ],
  ['a directive of the operation', '{ b }', 'query @live { b }'],
  ['an empty object and one that is not there', '{ me { id @skip(if: true) } b }', '{ me @skip(if: true) { id } b }'],
])('tells apart by %s', (_, one, other) => {
  expect(meaning(one)).not.toBe(meaning(other));
});

test.each<[string, string, string]>([
  ['a field written twice', '{ me { id id } }', '{ me { id } }'],
  ['a fragment on the parent itself', '{ me { ... on User { id } } }', '{ me { id } }'],
  [
    'a fragment on all that the parent may be',
    '{ node(id: 1) { ... on Named { name } } }',
    '{ node(id: "1") { ... on Node { ... on Named { name } } } }',
  ],
  ['a fragment on what cannot be', '{ me { id ... on Named { ... on Post { title } } } }', '{ me { id } }'],
  [
    'one object type in two ways',
    '{ node(id: 1) { ... on User { id } } }',
    '{ node(id: 1) { ... on Aged { ... on Node { id } } } }',
  ],
  [
    'type conditions in another order',
    '{ search { ... on Aged { ... on Named { name } } } }',
    '{ search { ... on Named { ... on Aged { ... on Named { name } } } } }',
  ],
  [
    'a condition known to hold',
    'query ($v: Boolean = true) { me @include(if: $v) { id @include(if: $v) } }',
    'query ($x: Boolean! = true) { me @include(if: $x) { id } }',
  ],
  ['conditions that contradict', 'query ($v: Boolean = true) { b me @include(if: $v) @skip(if: $v) { id } }', '{ b }'],
  [
    'directives of the schema in the order of their arguments',
    '{ b @style(x: 1, as: "y") }',
    '{ b @style(as: "y", x: 1) }',
  ],
])('takes for the same: %s', (_, one, other) => {
  expect(meaning(one)).toBe(meaning(other));
});

test('takes for the same: a variable used twice, and literals of its value', () => {
  const variable = meaning('query ($i: [ID!]) { list(ids: $i) a: list(ids: $i) }', { i: [1] });

  expect(variable).toBe(meaning('{ list(ids: ["1"]) a: list(ids: 1) }'));
  expect(variable).toBe(meaning('query ($i: [ID!]! = [1], $j: ID!) { list(ids: $i) a: list(ids: [$j]) }', { j: '1' }));
  expect(variable).not.toBe(meaning('{ list(ids: ["1"]) a: list(ids: 2) }'));
});

test('an argument of which JSON cannot carry a part stays as it is written', () => {
  expect(normalForm('{ pay(sum: 9.90) }')?.text).toBe('query{pay(sum:9.90) }');
  expect(normalForm('{ pay(sum: 9.9) }')?.text).toBe('query($v0:Money){pay(sum:$v0) }');
});

test('what stands beside such a part in a variable has no normal form', () => {
  expect(normalForm('query ($a: Int) { list(in: { a: $a, m: 9.90 }) }')).toBeUndefined();
  expect(normalForm('query ($m: Money = 9.90) { pay(sum: $m) }')).toBeUndefined();
});

test('directives of the schema on fragments and variables have no normal form: what they mean there is not known', () => {
  expect(normalForm('{ ... @tag { b } }')).toBeUndefined();
  expect(normalForm('{ me { ... @tag { id } } }')).toBeUndefined();
  expect(normalForm('{ ...F @tag } fragment F on Query { b }')).toBeUndefined();
  expect(normalForm('{ ...F } fragment F on Query @tag { b }')).toBeUndefined();
  expect(normalForm('query ($n: Int! @tag) { list(n: $n) }')).toBeUndefined();
});

test('variables that the operation does not accept have no canonical form', () => {
  const normal = normalForm(
    'query ($n: Int!, $never: Money!) { list(n: $n) b @skip(if: true) pay(sum: $never) @skip(if: true) }',
  );

  expect(normal?.canonicalVariables({ n: 1, never: 2, unknown: 3 })).toEqual({ v0: 1 });
  expect(normal?.canonicalVariables({ n: 1 })).toBeUndefined();
  expect(normal?.canonicalVariables({ n: 'x', never: 2 })).toBeUndefined();
  expect(normal?.canonicalVariables(undefined)).toBeUndefined();
});

test('variables that are not JSON have no canonical form: two files are never the same', () => {
  const normal = normalForm('query ($m: Money) { pay(sum: $m) }');

  expect(normal?.canonicalVariables({ m: new Blob(['a']) })).toBeUndefined();
  expect(normal?.canonicalVariables({ m: { of: [1n] } })).toBeUndefined();
  expect(normal?.canonicalVariables({ m: { of: [1] } })).toEqual({ v0: { of: [1] } });
  const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`) as unknown;
  expect(normal?.canonicalVariables({ m: deep })).toBeUndefined();
});

test('a variable that is null where a condition must not be has no canonical form', () => {
  const normal = normalForm('query ($v: Boolean = true) { b @include(if: $v) }');

  expect(normal?.canonicalVariables({ v: null })).toBeUndefined();
  expect(normal?.canonicalVariables({})).toEqual({ c0: true });
});

test('variables and input fields may have the name of anything', () => {
  const normal = normalForm(
    'query ($constructor: Int, $toString: Boolean = true) { list(in: { a: $constructor }) b @skip(if: $toString) }',
  );

  expect(normal?.canonicalVariables({})).toEqual({ v0: {}, c1: true });
  expect(normal?.canonicalVariables(JSON.parse('{ "constructor": 1, "__proto__": { "toString": false } }'))).toEqual({
    v0: { a: 1 },
    c1: true,
  });
});

test.each<[string, string]>([
  ['{ search { ... on Named { name } } }', 'query{search{...on Named{name }} }'],
  ['{ search { ... on Aged { ... on Named { name } } } }', 'query{search{...on Aged{...on Named{name }}} }'],
  ['{ maker { ... on Works { made { best { id } } } } }', 'query{maker{...on Crafts{made{...on User{best{id } }} }} }'],
  [
    'query ($v: Boolean!, $w: Boolean!) { me @skip(if: $v) @include(if: $w) { id @skip(if: true) } list(n: 1) }',
    'query($c0:Boolean!,$c1:Boolean!,$v2:Int){...@skip(if:$c0){...@include(if:$c1){me{__typename@skip(if:true)} }}list(n:$v2) }',
  ],
])('the normal form is a valid document: of %s', (text, normal) => {
  expect(normalForm(text)?.text).toBe(normal);
  expect(validate(schema, parse(normal))).toEqual([]);
});
