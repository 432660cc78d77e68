import { parse, validate, type GraphQLSchema } from 'graphql';
import { expect, test } from 'vitest';
import { operationProfiles } from '../../plugins/operation/index.ts';
import { ABSTRACT, INPUTS, LISTS, PLAIN, schemaOf } from './cases/schemas.ts';

const MOST = Number.MAX_SAFE_INTEGER;

function costOf(schema: GraphQLSchema, text: string, ownersOf?: () => readonly string[]) {
  const { profileOf } = operationProfiles(ownersOf ? { ownersOf } : {});
  const profile = profileOf(schema, parse(text), undefined);
  if (!profile) throw new Error('no operation');
  return profile.cost;
}

/** What it returns, and that it takes less than two seconds of CPU: other processes may run beside it. */
function soon<T>(work: () => T): T {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1_000).toBeLessThan(2_000);
  return result;
}

/** Each fragment spreads the next one twice. */
function bomb(levels: number): string {
  const fragments = Array.from({ length: levels }, (_, at) => {
    return `fragment F${at} on User { a: best { ...F${at + 1} } b: best { ...F${at + 1} } }`;
  });
  return ['{ me { ...F0 } }', ...fragments, `fragment F${levels} on User { name }`].join('\n');
}

test('a document of 2^40 fields costs what it does, exactly, and is not written out for it', () => {
  const cost = costOf(PLAIN, bomb(40));
  const heap = process.memoryUsage().heapUsed;

  expect(soon(() => cost.estimate({})).total).toBe(2 ** 41 - 1);
  expect(process.memoryUsage().heapUsed - heap).toBeLessThan(50_000_000);
});

test('what costs more than integers are exact to costs that much', () => {
  expect(soon(() => costOf(PLAIN, bomb(100)).estimate({})).total).toBe(MOST);

  const lists = `{ users ${'{ friends '.repeat(40)} { id } ${'}'.repeat(40)} }`;
  expect(costOf(PLAIN, lists).estimate({}).total).toBe(MOST);
});

test('the response to a document of 2^40 fields costs what is there of it', () => {
  const cost = costOf(PLAIN, bomb(40));
  const data = { me: { a: { a: null, b: { a: null, b: null } }, b: null } };

  expect(soon(() => cost.actual(data, {})).total).toBe(3);
});

test('10,000 aliases cost what they do', () => {
  const text = (key: string) => Array.from({ length: 10_000 }, (_, at) => `a${at}: ${key}`).join(' ');

  const objects = costOf(PLAIN, `{ ${text('me { best { id } }')} }`);
  expect(soon(() => objects.estimate({})).total).toBe(20_000);
  const cost = costOf(LISTS, `query ($n: Int) { ${text('sliced(first: $n) { id }')} }`);
  expect(soon(() => cost.estimate({ n: 3 })).total).toBe(30_000);
  expect(soon(() => cost.estimate({ n: 5 })).total).toBe(50_000);
});

test.each([
  ['spreads without fields between', (at: number) => `...F${at + 1} ...F${at + 1}`, 5_000, 1],
  ['one field under another', (at: number) => `best { ...F${at + 1} }`, 400, 401],
  ['one field under another, 5,000 times', (at: number) => `best { ...F${at + 1} }`, 5_000, MOST],
  ['conditions within conditions', (at: number) => `... @include(if: $v) { ...F${at + 1} name @skip(if: $w) }`, 200, 1],
  [
    'spreads each under another condition',
    (at: number) => `...F${at + 1} @include(if: $v) ...F${at + 1} @skip(if: $w)`,
    500,
    1,
  ],
])('a chain of fragments does no harm: %s', (_, link, levels, total) => {
  const fragments = Array.from({ length: levels }, (_each, at) => `fragment F${at} on User { ${link(at)} }`);
  const ends = `fragment F${levels} on User { name @include(if: $v) @skip(if: $w) }`;
  const cost = costOf(PLAIN, ['query ($v: Boolean!, $w: Boolean!) { me { ...F0 } }', ...fragments, ends].join('\n'));

  expect(soon(() => cost.estimate({ v: true, w: false })).total).toBe(total);
});

test('selections that are merged in ever other ways are estimated at the most, for each subgraph too', () => {
  const names = Array.from({ length: 12 }, (_, at) => `T${at}`);
  const pairs = names.map((name, at) => `union U${at} = ${name} | ${names[(at + 1) % names.length] ?? name}`);
  const types = names.map((name) => `type ${name} implements N { x: N }`);
  const schema = schemaOf(`type Query { n: N } interface N { x: N } ${types.join(' ')} ${pairs.join(' ')}`);
  const nested = (levels: number): string => {
    const within = levels === 0 ? '__typename' : nested(levels - 1);
    return names
      .slice(0, 3)
      .map((_name, at) => `... on U${at} { ... on N { x { ${within} } } }`)
      .join(' ');
  };
  const cost = costOf(schema, `{ n { ${nested(7)} } }`, () => ['a', 'b']);

  expect(soon(() => cost.estimate({}))).toEqual({
    total: MOST,
    bySubgraph: new Map([
      ['a', MOST],
      ['b', MOST],
    ]),
  });
  expect(soon(() => cost.actual({ n: null }, {})).total).toBe(MOST);
  expect(cost.problems({})).toEqual([]);
});

test('an interface of 300 types costs no more time than its fields', () => {
  const types = Array.from({ length: 300 }, (_, at) => `type T${at} implements N { id: ID n: N m: [N] }`);
  const schema = schemaOf(`type Query { n: N } interface N { id: ID n: N m: [N] } ${types.join(' ')}`);
  const nested = (levels: number): string => (levels === 0 ? 'id' : `id n { ${nested(levels - 1)} } m { id }`);
  const cost = costOf(schema, `{ n { ${nested(20)} } }`);

  expect(soon(() => cost.estimate({})).total).toBe(1 + 20 * (1 + 10));
});

test('objects that may be of several types, in each other, are counted once for all that they may be in', () => {
  const schema = schemaOf(`
    type Query { n: N } interface N { x: N }
    type A implements N { x: N } type B implements N @cost(weight: "2") { x: N }
  `);
  const levels = 60;
  const fragments = Array.from({ length: levels }, (_, at) => {
    return `fragment F${at} on N { ... on A { x { ...F${at + 1} } } ... on B { x { ...F${at + 1} } } }`;
  });
  const cost = costOf(
    schema,
    ['{ n { ...F0 } }', ...fragments, `fragment F${levels} on N { id: __typename }`].join('\n'),
  );
  let data: Record<string, unknown> = { id: 'A' };
  for (let at = 0; at < levels; at++) data = { x: data };

  expect(soon(() => cost.actual({ n: data }, {})).total).toBe(levels * 2 + 1);
  expect(soon(() => cost.estimate({})).total).toBe(levels * 2 + 2);
});

test('a document is compiled anew for other conditions, and no more than some are kept', () => {
  const names = Array.from({ length: 16 }, (_, at) => `v${at}`);
  const declared = names.map((name) => `$${name}: Boolean!`).join(' ');
  const fields = names.map((name) => `${name}: me @include(if: $${name}) { best { id } }`).join(' ');
  const cost = costOf(PLAIN, `query (${declared}) { ${fields} }`);

  for (let outcome = 0; outcome < 3_000; outcome++) {
    const variables = Object.fromEntries(names.map((name, at) => [name, ((outcome >> at) & 1) === 1]));
    const included = Object.values(variables).filter(Boolean).length;
    expect(cost.estimate(variables).total).toBe(included * 2);
  }
});

test('fragments that spread each other, which no valid document has, end', () => {
  const text = '{ me { ...A } } fragment A on User { name ...B } fragment B on User { best { ...A } }';
  expect(validate(PLAIN, parse(text))).not.toEqual([]);

  expect(soon(() => costOf(PLAIN, text).estimate({})).total).toBe(MOST);
});

test.each<[string, unknown, number]>([
  ['more than there is', 1e308, MOST],
  ['infinite', Infinity, MOST],
  ['no number', 'many', 10],
  ['an object', {}, 10],
  ['below 0', -1e308, 0],
  ['a fraction', 1.5, 2],
])('a size that no list has makes no cost of it: %s', (_size, n, total) => {
  expect(costOf(LISTS, 'query ($n: Int) { sliced(first: $n) { id } }').estimate({ n }).total).toBe(total);
});

test('values nested as deep as a request may have them do no harm', () => {
  let filter: Record<string, unknown> = {};
  for (let level = 0; level < 50_000; level++) filter = { nested: filter };
  const cost = costOf(INPUTS, 'query ($f: Filter) { find(filter: $f) }');

  expect(soon(() => cost.estimate({ f: filter })).total).toBe(1 + 50_000 * 4);

  const literal = `${'{ nested: '.repeat(700)}{}${'}'.repeat(700)}`;
  expect(soon(() => costOf(INPUTS, `{ find(filter: ${literal}) }`).estimate({})).total).toBe(1 + 700 * 4);
});

test('names that objects have by nature are no values', () => {
  const cost = costOf(
    INPUTS,
    'query ($constructor: Filter, $__proto__: Filter) { a: find(filter: $constructor) b: find(filter: $__proto__) }',
  );

  expect(cost.estimate({}).total).toBe(0);
  expect(cost.estimate(JSON.parse('{"__proto__": {"size": 1}}') as Record<string, unknown>).total).toBe(4);
  expect(costOf(PLAIN, '{ constructor: me { id } }').actual({}, {}).total).toBe(0);
});

test('data that is not what the document asks for is no error', () => {
  const cost = costOf(ABSTRACT, '{ thing { price parts(first: 1) { id } } things { price } }');

  expect(cost.actual({ thing: [], things: { price: 1 } }, {}).total).toBeGreaterThanOrEqual(0);
  expect(cost.actual({ thing: 'x', things: 'y' }, {}).total).toBe(0);
});
