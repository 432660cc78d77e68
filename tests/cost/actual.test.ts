import { parse, validate, type GraphQLSchema } from 'graphql';
import { expect, test } from 'vitest';
import { operationProfiles } from '../../plugins/operation/index.ts';
import { ABSTRACT, INPUTS, LISTS, PLAIN, WEIGHTS } from './cases/schemas.ts';

const { profileOf } = operationProfiles();

type Data = Readonly<Record<string, unknown>>;

function costOf(schema: GraphQLSchema, text: string, data: Data | null | undefined, variables: Data = {}) {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  return profileOf(schema, document, undefined)?.cost.actual(data, variables).total;
}

test.each<[string, GraphQLSchema, string, Data | null | undefined, number, Data?]>([
  ['objects that are there count', PLAIN, '{ me { best { id } } }', { me: { best: { id: 1 } } }, 2],
  ['a null is no object', PLAIN, '{ me { best { id } } }', { me: { best: null } }, 1],
  ['items count, not those that are null', PLAIN, '{ users { id } }', { users: [{ id: 1 }, null, { id: 2 }] }, 2],
  ['an empty list is free', PLAIN, '{ users { best { id } } }', { users: [] }, 0],
  ['a list that is null is free', PLAIN, '{ users { id } }', { users: null }, 0],
  ['lists within lists', PLAIN, '{ matrix { id } }', { matrix: [[{ id: 1 }], null, [{ id: 2 }, { id: 3 }, null]] }, 3],
  ['aliases count each', PLAIN, '{ a: me { id } b: me { id } }', { a: { id: 1 }, b: { id: 1 } }, 2],
  ['a response key counts once', PLAIN, '{ me { id } me { best { id } } }', { me: { id: 1, best: { id: 2 } } }, 2],
  ['what is skipped is not there', PLAIN, '{ me @skip(if: true) { id } color }', { color: 'RED' }, 0],
  ['a mutation is 10', PLAIN, 'mutation { rename { id } }', { rename: { id: 1 } }, 11],
  ['a mutation without data is 10', PLAIN, 'mutation { rename { id } }', null, 10],
  ['a query without data is free', PLAIN, '{ me { id } }', undefined, 0],
  ['introspection is free', PLAIN, '{ __schema { types { name } } }', { __schema: { types: [{ name: 'User' }] } }, 0],
  ['leaves have their weight', WEIGHTS, '{ big choice }', { big: 1, choice: 'A' }, 5],
  ['but not those that are null', WEIGHTS, '{ big choice }', { big: null, choice: 'A' }, 2],
  ['leaves in a list have it each', WEIGHTS, '{ bigs }', { bigs: [1, null, 2] }, 6],
  ['a scalar may be a list itself', WEIGHTS, '{ big bigs }', { big: [1, 2, 3], bigs: [[1, 2], { a: [] }] }, 9],
  ['a field that is null was resolved', WEIGHTS, '{ five light { id } }', { five: null, light: null }, 10],
  [
    'a field counts for each object that it is on',
    WEIGHTS,
    '{ lights { slow } }',
    { lights: [{ slow: 1 }, { slow: 2 }] },
    11,
  ],
  ['a field that is not there was not', WEIGHTS, '{ five big }', { big: 1 }, 3],
  ['arguments count', WEIGHTS, 'query ($x: Int) { asked(x: $x) }', { asked: 1 }, 3, { x: 1 }],
  ['input objects count', INPUTS, '{ find(filter: { size: 1 }) }', { find: 1 }, 4],
  ['lists have the length that they have', LISTS, '{ sliced(first: 50) { id } }', { sliced: [{ id: 1 }] }, 1],
  [
    'conditions are as the variables say',
    PLAIN,
    'query ($v: Boolean = true) { me { best @include(if: $v) { id } id } }',
    { me: { id: 1 } },
    1,
    { v: false },
  ],
])('%s', (_promise, schema, text, data, cost, variables) => {
  expect(costOf(schema, text, data, variables)).toBe(cost);
});

test.each<[string, string, Data, number]>([
  ['by __typename', '{ thing { __typename price } }', { thing: { __typename: 'Cheap', price: 1 } }, 2],
  ['by another __typename', '{ thing { __typename price } }', { thing: { __typename: 'Dear', price: 1 } }, 15],
  ['by __typename under an alias', '{ thing { kind: __typename price } }', { thing: { kind: 'Cheap', price: 1 } }, 2],
  ['by the fields that it has', '{ thing { ... on Cheap { price } id } }', { thing: { id: 1 } }, 9],
  ['by the fields that it has besides', '{ thing { ... on Cheap { price } id } }', { thing: { price: 1, id: 1 } }, 2],
  ['as the most expensive that it may be', '{ thing { price } }', { thing: { price: 1 } }, 15],
  ['as any, when it fits none', '{ thing { price } }', { thing: { price: 1, more: 2 } }, 15],
  [
    'not as a type that has shorter lists',
    '{ thing { parts(first: 50) { id } } }',
    { thing: { parts: Array.from({ length: 30 }, () => ({ id: 1 })) } },
    31,
  ],
  [
    'each in a list by its own',
    '{ things { __typename price } }',
    {
      things: [
        { __typename: 'Cheap', price: 1 },
        { __typename: 'Dear', price: 1 },
      ],
    },
    17,
  ],
  [
    'with all that is within, once',
    '{ thing { ... on Cheap { parts(first: 2) { id } } ... on Dear { parts(first: 2) { id __typename } } } }',
    { thing: { parts: [{ id: 1 }, { id: 2 }] } },
    11,
  ],
  ['not by what is called so', '{ thing { __typename: id price } }', { thing: { __typename: 'Cheap', price: 1 } }, 15],
])('an object of several types counts %s', (_promise, text, data, cost) => {
  expect(costOf(ABSTRACT, text, data)).toBe(cost);
});
