import fc from 'fast-check';
import { buildSchema, parse, validate, visit, visitWithTypeInfo, TypeInfo, Kind, type FieldNode } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useLimits, type FieldLimit } from '../../plugins/limits/index.ts';
import { fieldEntries } from '../../plugins/limits/fields/field-entries.ts';
import { limitedSelections } from '../../plugins/limits/fields/limited-selections.ts';
import { schemaLimits } from '../../plugins/limits/fields/schema-limits.ts';
import { operationProfiles } from '../../plugins/operation/index.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import { ANONYMOUS } from '../../plugins/request-context.ts';

const schema = buildSchema(`
  directive @rateLimit(
    max: Int, window: String, message: String, identityArgs: [String], arrayLengthField: String, readOnly: Boolean,
    uncountRejected: Boolean
  ) on FIELD_DEFINITION
  input Filter { id: ID tags: [String] }
  interface Node { name: String }
  type Query {
    free: Int
    costly(id: ID, filter: Filter): Int @rateLimit(max: 10, window: "10s", identityArgs: ["id", "filter.tags"])
    many(ids: [ID!]): Int @rateLimit(max: 100, window: "1m", arrayLengthField: "ids")
    me: User
    node: Node
    wrong: Int @rateLimit(max: -1, window: "soon")
  }
  type User implements Node { name: String @rateLimit(max: 7) friend: User }
  type Bot implements Node { name: String }
`);

const CALLER = { principal: { ...ANONYMOUS, id: 'ada', kind: 'user', method: 'jwt' } as const, address: '' };
const { profileOf } = operationProfiles();
const limits = schemaLimits(schema, [], () => {});
const selectionsOf = limitedSelections(limits);

/** What a document asks of each bucket: the amounts by the field, in no order. */
function asked(text: string, variables: Record<string, unknown> = {}): [field: string, amount: number][] {
  const profile = profileOf(schema, parse(text), undefined);
  if (!profile) throw new Error(`no profile: ${text}`);
  const selections = selectionsOf(profile);
  if (selections === 'unknown') throw new Error(`too large: ${text}`);
  return fieldEntries(schema, profile, selections, CALLER, variables)
    .map(({ policy, entry }): [string, number] => [policy.name.slice('@rateLimit:'.length), entry.amount])
    .toSorted();
}

describe('a field with a limit counts', () => {
  test.each<[string, string, [string, number][]]>([
    ['each alias', '{ a: costly b: costly c: costly }', [['Query.costly', 3]]],
    ['once where selections are merged', '{ costly costly ... { costly } }', [['Query.costly', 1]]],
    ['in fragments', 'query { ...F } fragment F on Query { costly }', [['Query.costly', 1]]],
    [
      'for each value of its identity',
      '{ a: costly(id: 1) b: costly(id: "1") c: costly(id: 2) }',
      [
        ['Query.costly', 1],
        ['Query.costly', 2],
      ],
    ],
    [
      'for each value within an argument',
      '{ a: costly(filter: { tags: ["x"] }) b: costly(filter: { tags: "x", id: 1 }) c: costly(filter: { tags: ["y"] }) }',
      [
        ['Query.costly', 1],
        ['Query.costly', 2],
      ],
    ],
    ['the items of a list', '{ many(ids: [1, 2, 3]) other: many }', [['Query.many', 4]]],
    ['through an interface, for the types that have it', '{ node { name } }', [['User.name', 1]]],
    ['not for another type', '{ node { ... on Bot { name } } }', []],
    ['not where a literal rules it out', '{ costly @skip(if: true) free }', []],
  ])('%s', (_, text, expected) => {
    expect(asked(text)).toEqual(expected);
  });

  test('by variables, in arguments and conditions, around it too', () => {
    const text =
      'query ($id: ID, $with: Boolean = true) { a: costly(id: $id) b: costly(id: 1) me @include(if: $with) { friend { name } } }';
    expect(asked(text, { id: 1 })).toEqual([
      ['Query.costly', 2],
      ['User.name', 1],
    ]);
    expect(asked(text, { id: 2, with: false })).toEqual([
      ['Query.costly', 1],
      ['Query.costly', 1],
    ]);
  });

  test('once where one selection stands under several conditions', () => {
    const text = 'query ($yes: Boolean!) { costly ... @include(if: $yes) { costly } costly @skip(if: $yes) }';
    for (const yes of [true, false]) expect(asked(text, { yes })).toEqual([['Query.costly', 1]]);
  });

  test('as a plain walk over the document says, whatever the document', () => {
    const field = fc.constantFrom(
      'free',
      'costly',
      'costly(id: 1)',
      'costly(id: "2")',
      'costly(id: $id)',
      'many(ids: [1, 2])',
    );
    const alias = fc.constantFrom('', 'a: ', 'b: ', 'c: ');
    const condition = fc.constantFrom('', '', ' @include(if: $yes)', ' @skip(if: $yes)', ' @skip(if: true)');
    const selection = fc.tuple(alias, field, condition).map((parts) => parts.join(''));
    const selections = fc.array(selection, { minLength: 1, maxLength: 8 }).map((all) => all.join(' '));
    const wrapped = fc
      .tuple(selections, selections, condition)
      .map(([one, other, when]) => `${one} ...${when} { ${other} }`);
    fc.assert(
      fc.property(wrapped, fc.constantFrom('1', '2', '3'), fc.boolean(), (body, id, yes) => {
        const text = `query ($id: ID, $yes: Boolean!) { ${body} } `;
        const document = parse(text);
        if (validate(schema, document).some(({ message }) => !message.includes('is never used'))) return;
        const variables = { id, yes };
        const counted = new Map<string, number>();
        const seen = new Set<string>();
        const holds = (node: Pick<FieldNode, 'directives'>): boolean =>
          (node.directives ?? []).every(({ name, arguments: [argument] = [] }) => {
            const value = argument?.value.kind === Kind.BOOLEAN ? argument.value.value : yes;
            return name.value === 'include' ? value : !value;
          });
        visit(
          document,
          visitWithTypeInfo(new TypeInfo(schema), {
            InlineFragment: (node) => (holds(node) ? undefined : false),
            Field(node) {
              const key = (node.alias ?? node.name).value;
              if (!holds(node) || seen.has(key) || node.name.value === 'free') return;
              seen.add(key);
              const given = node.arguments?.[0]?.value;
              const isMany = node.name.value === 'many';
              const said = given && 'value' in given ? String(given.value) : given ? id : '';
              const bucket = isMany ? 'Query.many' : `Query.costly ${said}`;
              counted.set(bucket, (counted.get(bucket) ?? 0) + (isMany ? 2 : 1));
            },
          }),
        );
        const expected = [...counted].map(([bucket, amount]) => [bucket.split(' ')[0], amount]).toSorted();
        expect(asked(text, variables), text).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});

test('a directive that is not as it should be is told, and the field has the default limit', () => {
  const told: unknown[] = [];
  const read = schemaLimits(schema, [], (...args) => void told.push(args));
  expect(told).toEqual([['Query.wrong', 'max is -1; it takes a number above 0']]);
  expect(read.get('Query.wrong')?.[0]).toMatchObject({ bucket: { capacity: 5 }, window: 60_000 });
});

test('options name fields by globs, beside what the schema says of them', () => {
  const options: FieldLimit[] = [
    { type: 'Query', field: '{free,costly}', max: 2, window: '1s', scope: 'global' },
    { type: 'User', field: '*', max: 3 },
  ];
  const read = schemaLimits(schema, options, () => {});
  const capacities = (coordinate: string) => read.get(coordinate)?.map(({ bucket }) => bucket.capacity);
  expect(capacities('Query.free')).toEqual([2]);
  expect(capacities('Query.costly')).toEqual([10, 2]);
  expect(capacities('User.friend')).toEqual([3]);
  expect(capacities('Query.me')).toBeUndefined();
});

test.each<[string, FieldLimit]>([
  ['fields[0].max is 0; it takes a number above 0', { type: 'Query', field: 'a', max: 0 }],
  ['fields[0].window is "soon"; it takes a time such as "10s" or "1m"', { type: 'Query', field: 'a', window: 'soon' }],
  ['fields[0] takes a type and a field', { type: '', field: 'a' }],
])('a wrong option stops the gateway: %s', (message, limit) => {
  const store = connectRedis({});
  onTestFinished(() => store.close());
  expect(() => useLimits({ store, fields: [limit] })).toThrow(message);
});
