import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { operationProfiles } from '../../plugins/operation/index.ts';
import { ABSTRACT, LISTS } from './cases/schemas.ts';

const { profileOf } = operationProfiles();

function problems(text: string, variables: Readonly<Record<string, unknown>> = {}, schema = LISTS) {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  return profileOf(schema, document, undefined)?.cost.problems(variables) ?? [];
}

test.each<[string, string, Readonly<Record<string, unknown>>?]>([
  ['one is given', '{ connection(first: 3) { total } }'],
  ['the other is given', '{ connection(last: 3) { total } }'],
  ['one is given, and null for the other', '{ connection(first: 3, last: null) { total } }'],
  [
    'one is given by a variable, and the other variable is not',
    'query ($f: Int, $l: Int) { connection(first: $f, last: $l) { total } }',
    { l: 2 },
  ],
  ['a default says it', '{ paged { id } }'],
  ['one is given, and another has a default', '{ window(last: 3) { id } }'],
  ['it is within an input object', '{ search(input: { page: { first: 1 } }) { id } }'],
  ['a default within an input object says it', '{ search(input: {}) { id } }'],
  ['it need not be given', '{ both(first: 1, last: 1) { id } back { id } top { id } }'],
  ['the field is skipped', 'query ($v: Boolean!) { sliced @skip(if: $v) { id } top { id } }', { v: true }],
])('nothing is wrong where %s', (_case, text, variables) => {
  expect(problems(text, variables)).toEqual([]);
});

test.each<[string, string, string, Readonly<Record<string, unknown>>?]>([
  [
    'none of several is given',
    '{ connection { total } }',
    '"Query.connection" needs exactly one of "first" and "last", which says how many items to return at most; it has none.',
  ],
  [
    'several are given',
    '{ connection(first: 1, last: 1) { total } }',
    '"Query.connection" needs exactly one of "first" and "last", which says how many items to return at most; it has "first" and "last".',
  ],
  [
    'the only one is not given',
    'query ($n: Int) { sliced(first: $n) { id } }',
    '"Query.sliced" needs the argument "first", which says how many items to return at most; it has none.',
  ],
  [
    'null is given',
    'query ($n: Int = 1) { sliced(first: $n) { id } }',
    '"Query.sliced" needs the argument "first", which says how many items to return at most; it has none.',
    { n: null },
  ],
  [
    'it is not given within an input object',
    '{ search(input: { page: { first: null } }) { id } }',
    '"Query.search" needs the argument "input.page.first", which says how many items to return at most; it has none.',
  ],
])('a field is wrong where %s', (_case, text, message, variables) => {
  expect(problems(text, variables).map((problem) => problem.message)).toEqual([message]);
});

test('a problem tells where it is, and is told once however often its fragment is spread', () => {
  const document = '{ thing { ...F } things { ...F } } fragment F on Cheap { parts { id } }';

  expect(problems(document, {}, ABSTRACT).map(({ coordinate, node }) => [coordinate, node.loc?.start])).toEqual([
    ['Cheap.parts', document.indexOf('parts')],
  ]);
});

test('a field of an interface is wrong once, if it is so for any type', () => {
  expect(problems('{ thing { parts { id } } }', {}, ABSTRACT).map(({ coordinate }) => coordinate)).toEqual([
    'Cheap.parts',
  ]);
});

test('what is wrong is estimated all the same, by the largest that is given', () => {
  const profile = profileOf(LISTS, parse('{ connection(first: 1, last: 9) { edges { node { id } } } }'), undefined);

  expect(profile?.cost.estimate({}).total).toBe(19);
});
