import { buildSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { subscriptionFilters } from '../../../plugins/subscriptions/filter/index.ts';
import { caller, DEFINITION, filteredSchema, problemsOf } from './cases/filtered.ts';

const GOOD = '{ IN: { fieldPath: "id", values: [1] } }';

function nested(levels: number): string {
  return levels === 1 ? GOOD : `{ NOT: ${nested(levels - 1)} }`;
}

const inPath = (path: string): string => `{ IN: { fieldPath: "${path}", values: [1] } }`;
const inValues = (values: string): string => `{ IN: { fieldPath: "id", values: ${values} } }`;

describe('the author is told, and no event passes, of', () => {
  test.each([
    ['a condition that is no object', '"id"', 'exactly one of'],
    ['no condition', 'null', 'exactly one of'],
    ['an empty condition', '{}', 'exactly one of'],
    ['a list of conditions', `[${GOOD}]`, 'exactly one of'],
    ['two conditions in one', `{ NOT: ${GOOD}, AND: [${GOOD}] }`, 'exactly one of'],
    ['an unknown condition', `{ XOR: [${GOOD}] }`, 'exactly one of'],
    ['a wrong condition within others', `{ OR: [${GOOD}, { NOT: { AND: [{}] } }] }`, 'exactly one of'],
    ['AND of nothing', '{ AND: [] }', '"AND" takes a list'],
    ['OR of no list', `{ OR: ${GOOD} }`, '"OR" takes a list'],
    ['NOT of a list', `{ NOT: [${GOOD}] }`, 'exactly one of'],
    ['IN without values', '{ IN: { fieldPath: "id" } }', '"IN" takes a "fieldPath"'],
    ['IN of no values', inValues('[]'), '"IN" takes a "fieldPath"'],
    ['IN of one value that is no list', inValues('1'), '"IN" takes a "fieldPath"'],
    ['IN with more than it takes', '{ IN: { fieldPath: "id", values: [1], not: true } }', '"IN" takes a "fieldPath"'],
    ['a path that is no text', '{ IN: { fieldPath: 1, values: [1] } }', '"IN" takes a "fieldPath"'],
    ['a list as a value', inValues('[[1]]'), '"values" takes'],
    ['an object as a value', inValues('[{ a: 1 }]'), '"values" takes'],
    ['a number that is none', inValues('[1e999]'), '"values" takes'],
    ['a template of something else', inValues('["{{ context.tenant }}"]'), 'has a template that is none of'],
    ['a template of all claims', inValues('["{{ principal.claims }}"]'), 'has a template that is none of'],
    ['a template of another part of a caller', inValues('["{{ principal.method }}"]'), 'has a template'],
    ['a template of all arguments', inValues('["{{ args }}"]'), 'has a template that is none of'],
    ['a template of a part of an id', inValues('["{{ principal.id.x }}"]'), 'has a template that is none of'],
    ['a template that does not end', inValues('["{{ principal.id"]'), 'has a template that is none of'],
    ['a template that does not begin', inValues('["principal.id }}"]'), 'has a template that is none of'],
    ['a template of two words', inValues('["{{ principal.id or 1 }}"]'), 'has a template that is none of'],
    ['an empty template', inValues('["{{ }}"]'), 'has a template that is none of'],
    ['an argument that there is not', inValues('["{{ args.nope }}"]'), 'the field has no argument "nope"'],
    ['an input field that there is not', inValues('["{{ args.place.nope }}"]'), 'has no input field "nope"'],
    ['a part of a scalar argument', inValues('["{{ args.region.x }}"]'), 'has no input field "x"'],
    ['an argument that is an object', inValues('["{{ args.place }}"]'), '"Place" is no scalar'],
    ['a list of an argument in text', inValues('["a{{ args.ids }}"]'), 'a list cannot stand within text'],
    ['a path that the schema does not have', inPath('nope'), '"Order" has no field "nope"'],
    ['an empty path', inPath(''), '"Order" has no field ""'],
    ['a path that goes on after a leaf', inPath('id.x'), 'a leaf has no field "x"'],
    ['a path to an object', inPath('buyer'), 'leads to an object of type "Buyer"'],
    ['a path through a field with required arguments', inPath('asked'), '"Order.asked" cannot be asked for'],
    ['a path that no type of an interface has', inPath('lines.item.nope'), '"Item" has no field "nope"'],
    [
      'a path to an object of one type of a union',
      inPath('lines.either.friends'),
      'leads to an object of type "Buyer"',
    ],
    ['a path that is too long', inPath(`buyer${'.friends'.repeat(9)}.country`), 'is longer than 10 fields'],
    ['conditions that are nested too deep', nested(11), 'nested deeper than 10'],
    ['too many conditions', `{ OR: [${GOOD.repeat(100)}] }`, 'more than 100 conditions'],
  ])('%s', (_, condition, problem) => {
    expect(problemsOf(condition)).toEqual([expect.stringContaining(`Subscription.changed @subscriptionFilter: `)]);
    expect(problemsOf(condition)).toEqual([expect.stringContaining(problem)]);
    const filter = subscriptionFilters(filteredSchema(condition, GOOD), () => {})('changed');
    expect(filter?.paths).toEqual([]);
    expect(filter?.principalKey(caller())).toBe('');
    expect(filter?.for({}, caller())({ id: 1 })).toBe(false);
  });

  test('a path that would be asked for in too many ways', () => {
    const names = Array.from({ length: 8 }, (_, index) => `T${index}`);
    const schema = buildSchema(`
      ${DEFINITION}
      type Query { a: Int }
      union Any = ${names.join(' | ')}
      ${names.map((name) => `type ${name} { next: Any id: ID }`).join(' ')}
      type Subscription {
        near: Any @subscriptionFilter(condition: ${inPath('next.id')})
        far: Any @subscriptionFilter(condition: ${inPath(`${'next.'.repeat(9)}id`)})
      }
    `);
    const told: string[] = [];
    subscriptionFilters(schema, (coordinate, problem) => told.push(`${coordinate} ${problem}`));
    expect(told).toEqual([expect.stringMatching(/^Subscription.far .* leads through more than 500 fields/)]);
  });

  test('nothing that is allowed', () => {
    expect(problemsOf(nested(10), `{ OR: [${GOOD.repeat(99)}] }`)).toEqual([]);
    expect(problemsOf(inPath('maybe'), inPath('anything'), inPath('__typename'), inPath('tags'))).toEqual([]);
    expect(problemsOf(inPath('lines.item.pages'), inPath('lines.item.sku'), inPath('lines.either.country'))).toEqual(
      [],
    );
    expect(problemsOf(inPath(`buyer${'.friends'.repeat(8)}.country`))).toEqual([]);
    expect(problemsOf(inValues('["{{ args.anything.a.b }}", "{{ args.state }}", "{{ args.ids }}", ""]'))).toEqual([]);
  });
});
