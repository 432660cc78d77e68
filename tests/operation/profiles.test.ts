import { buildSchema, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { operationProfiles } from '../../plugins/operation/index.ts';

const SDL = 'type Query { me: User } type Mutation { set(to: Int): Int } type User { name: String best: User }';
const schema = buildSchema(SDL);

test('a document is profiled once for each schema and operation', () => {
  const { profileOf } = operationProfiles();
  const document = parse('query A { me { name } } query B { me { best { name } } }');
  const other = buildSchema(SDL);

  expect(profileOf(schema, document, 'A')).toBe(profileOf(schema, document, 'A'));
  expect(profileOf(schema, document, 'B')?.name).toBe('B');
  expect(profileOf(schema, document, 'B')).toBe(profileOf(schema, document, 'B'));
  expect(profileOf(other, document, 'A')).not.toBe(profileOf(schema, document, 'A'));
});

test('without a name the first operation is profiled, the same object as by its name', () => {
  const { profileOf } = operationProfiles();
  const document = parse('query A { me { name } } query B { me { name } }');

  expect(profileOf(schema, document, undefined)?.name).toBe('A');
  expect(profileOf(schema, document, null)).toBe(profileOf(schema, document, 'A'));
  expect(profileOf(schema, document, '')).toBe(profileOf(schema, document, 'A'));
});

test('there is no profile of an operation that a document or a schema does not have', () => {
  const { profileOf } = operationProfiles();

  expect(profileOf(schema, parse('query A { me { name } }'), 'B')).toBeUndefined();
  expect(profileOf(schema, parse('fragment F on User { name }'), undefined)).toBeUndefined();
  expect(profileOf(schema, parse('subscription { me { name } }'), undefined)).toBeUndefined();
});

test('documents asked for longest ago are forgotten when all that are remembered have too many fields', () => {
  const { profileOf } = operationProfiles({ max: 100 });
  const documents = Array.from({ length: 30 }, (_, at) => parse(`{ a${at}: me { name best { name best { name } } } }`));
  const first = documents.map((document) => profileOf(schema, document, undefined));

  const again = documents.toReversed().map((document) => profileOf(schema, document, undefined));

  const kept = again.toReversed().filter((profile, at) => profile === first[at]);
  expect(kept.length).toBeGreaterThan(5);
  expect(kept).toEqual(first.slice(-kept.length));
  expect(kept.length * 6).toBeLessThanOrEqual(100);
});

test('a document that weighs more than all may is remembered all the same, alone', () => {
  const { profileOf } = operationProfiles({ max: 10 });
  const large = parse(`{ ${Array.from({ length: 50 }, (_, at) => `a${at}: me { name }`).join(' ')} }`);

  expect(profileOf(schema, large, undefined)).toBe(profileOf(schema, large, undefined));
});

/** Each fragment spreads the next one twice. */
function bomb(levels: number): string {
  const fragments = Array.from({ length: levels }, (_, at) => {
    return `fragment F${at} on User { a: best { ...F${at + 1} } b: best { ...F${at + 1} } }`;
  });
  return ['{ me { ...F0 } }', ...fragments, `fragment F${levels} on User { name }`].join('\n');
}

test('a document of 2^40 fields is profiled in little time and memory, and has no normal form', () => {
  const { profileOf } = operationProfiles();
  const document = parse(bomb(40));
  const [heap, start] = [process.memoryUsage().heapUsed, performance.now()];

  const profile = profileOf(schema, document, undefined);

  expect(profile?.normalForm).toBeUndefined();
  expect(profile?.selection).toBeUndefined();
  expect(profile?.touched.fields.size).toBe(3);
  expect(performance.now() - start).toBeLessThan(2_000);
  expect(process.memoryUsage().heapUsed - heap).toBeLessThan(50_000_000);
});

test.each([
  ['spreads without fields between', (at: number) => `...F${at + 1} ...F${at + 1}`, 40],
  ['one spread after another', (at: number) => `...F${at + 1}`, 5_000],
  ['one field under another', (at: number) => `best { ...F${at + 1} }`, 5_000],
  [
    'conditions within conditions',
    (at: number) => `... @include(if: $v${at}) { ...F${at + 1} name @skip(if: $w) }`,
    200,
  ],
])('a chain of fragments does no harm: %s', (_, link, levels) => {
  const { profileOf } = operationProfiles();
  const declared = Array.from({ length: levels }, (_each, at) => `$v${at}: Boolean!`).join(' ');
  const fragments = Array.from({ length: levels }, (_each, at) => `fragment F${at} on User { ${link(at)} }`);
  const text = `query (${declared} $w: Boolean!) { me { ...F0 } } ${fragments.join('\n')} fragment F${levels} on User { name }`;
  const document = parse(text);
  const start = performance.now();

  const profile = profileOf(schema, document, undefined);

  expect(profile?.touched.types).toContain('String');
  expect(profile?.normalForm).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(2_000);
});

test('values nested 700 levels deep do no harm', () => {
  const { profileOf } = operationProfiles();
  const nesting = buildSchema('scalar Any input In { in: In } type Query { f(any: Any, in: In): Int }');
  const nested = (open: string, close: string) => `${open.repeat(700)}null${close.repeat(700)}`;
  for (const argument of [`any: ${nested('[', ']')}`, `any: ${nested('{ a: ', '}')}`, `in: ${nested('{ in: ', '}')}`]) {
    const normal = profileOf(nesting, parse(`{ f(${argument}) }`), undefined)?.normalForm;

    expect(normal?.canonicalVariables({})).toEqual({});
  }
});

test('fragments that spread each other, which no valid document has, end', () => {
  const { profileOf } = operationProfiles();
  const document = parse('{ me { ...A } } fragment A on User { name ...B } fragment B on User { best { ...A } }');
  expect(validate(schema, document)).not.toEqual([]);

  const profile = profileOf(schema, document, undefined);

  expect(profile?.measures.data.fields).toBeGreaterThan(0);
  expect(profile?.normalForm).toBeUndefined();
});

test('a large operation that people write has a normal form: 5,000 fields', () => {
  const { profileOf } = operationProfiles();
  const text = `{ ${Array.from({ length: 2_500 }, (_, at) => `a${at}: me { name }`).join(' ')} }`;

  expect(profileOf(schema, parse(text), undefined)?.normalForm?.hash).toMatch(/^[\w-]{43}$/);
});
