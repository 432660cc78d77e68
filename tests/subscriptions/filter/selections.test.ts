import fc from 'fast-check';
import {
  buildSchema,
  execute,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  parse,
  print,
  validate,
  type DocumentNode,
  type ExecutionResult,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { withFilterSelections } from '../../../plugins/subscriptions/filter/index.ts';
import { leaves } from './cases/model.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);

const schema = buildSchema(`
  type Query { change: Change }
  type Subscription implements Changing {
    changed(region: String, ids: [ID!]): Change
    listed: [[Change!]]
    item: Item
    found: Found
    count: Int
  }
  interface Changing { changed(region: String, ids: [ID!]): Change }
  type Change {
    id: ID tenant(upper: Boolean): String tags: [String] buyer: Buyer lines: [Line]
    item: Item found: [Found] self: Change
  }
  type Buyer { country(in: String = "en"): String strict: String! }
  type Line { sku: ID item: Item }
  interface Item { sku: ID }
  type Book implements Item { sku: ID pages: Int maker: Buyer }
  type Card implements Item { sku: ID! pages: [String!] maker: [Line] subscriptionFilter_0_pages: Int }
  union Found = Book | Card | Buyer
`);

/** Of the whole response; each has one root field, which is called x. */
const DOCUMENTS = [
  '{ x: changed { id } }',
  'A($region: String) { x: changed(region: $region, ids: ["1", "2"]) { tenant lines { sku } } }',
  '{ x: changed { tenant(upper: true) buyer { country(in: "de") } item { ... on Card { sku pages } } } }',
  '{ ...F } fragment F on Subscription { x: changed(region: "a") { ...G } } fragment G on Change { id self { ...H } } fragment H on Change { tenant buyer { country } }',
  '{ ... { ... on Changing { x: changed { id } } } ...F ...F } fragment F on Changing { x: changed { tags } }',
  '{ x: changed { found { __typename ... on Book { maker { country } } ...B } } } fragment B on Buyer { country }',
  '{ x: changed { subscriptionFilter_id: id subscriptionFilter__tenant: tenant } }',
  '{ ... @include(if: true) { x: changed @skip(if: false) { id } } x: changed { tenant } }',
  '{ x: changed { id @skip(if: true) tenant @include(if: true) } }',
].map((text) => parse(`subscription ${text}`));

const LEAVES = ['id', 'tenant', 'tags', 'buyer.country', 'lines.sku', 'lines.item.sku', 'item.sku', 'item.pages'];
const DEEPER = [
  'item.maker.country',
  'item.maker.sku',
  'found.pages',
  'found.country',
  'found.__typename',
  'self.tenant',
];
const MORE = ['self.buyer.country', 'self.item.pages', 'lines.item.maker.item.pages'];

const text = fc.constantFrom('a', 'b', null);
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 4 });
const is = <T extends object>(name: string, fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record({ ...fields, __typename: fc.constant(name) }) as never;

const { change } = fc.letrec<Record<'change' | 'line' | 'buyer' | 'item' | 'found', unknown>>((tie) => {
  const list = (name: 'line' | 'found'): fc.Arbitrary<unknown> => orNull(fc.array(tie(name), { maxLength: 2 }));
  const book = is('Book', { sku: text, pages: fc.constantFrom(1, 2, null), maker: tie('buyer') });
  const card = is('Card', {
    sku: fc.constant('c'),
    pages: fc.constantFrom(['1'], [], null),
    maker: orNull(fc.tuple(tie('line'))),
  });
  const buyer = is('Buyer', { country: text, strict: fc.constant('s') });
  return {
    buyer: orNull(buyer),
    line: orNull(is('Line', { sku: text, item: tie('item') })),
    item: fc.oneof({ maxDepth: 3 }, fc.constant(null), book, card),
    found: fc.oneof({ maxDepth: 3 }, fc.constant(null), buyer, book, card),
    change: fc.oneof(
      { maxDepth: 2 },
      fc.constant(null),
      is('Change', {
        id: text,
        tenant: text,
        tags: orNull(fc.array(text, { maxLength: 2 })),
        buyer: tie('buyer'),
        lines: list('line'),
        item: tie('item'),
        found: list('found'),
        self: tie('change'),
      }),
    ),
  };
});

/** What resolvers have at a path; undefined for an object of a type that does not have it. */
function resolved(value: unknown, path: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => resolved(item, path));
  const [name, ...rest] = path;
  if (name === undefined) return [value];
  const object = new Map(Object.entries(value ?? {}));
  return hasPath(object.get('__typename'), path) ? resolved(object.get(name), rest) : [undefined];
}

function hasPath(typeName: string, [name, ...rest]: readonly string[]): boolean {
  const type = schema.getType(typeName);
  if (name === undefined || type === undefined) return isLeafType(type);
  if (name === '__typename') return true;
  const types = isAbstractType(type) ? schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  const fields = types.flatMap((one) => one.getFields()[name] ?? []);
  return fields.some((field) => hasPath(getNamedType(field.type).name, rest));
}

function run(document: DocumentNode, rootValue: unknown, operationName?: string): ExecutionResult {
  return execute({ schema, document, rootValue, operationName: operationName ?? null }) as ExecutionResult;
}

function withoutAdded(value: unknown, prefix: string): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutAdded(item, prefix));
  if (typeof value !== 'object' || value === null) return value;
  const own = Object.entries(value).filter(([key]) => !key.startsWith(prefix));
  return Object.fromEntries(own.map(([key, item]) => [key, withoutAdded(item, prefix)]));
}

describe('a document with what events are judged by', () => {
  test('is valid, gives each value that is judged by, and the client what it has asked for', () => {
    const documents = fc.constantFrom(...DOCUMENTS);
    const paths = fc.subarray([...LEAVES, ...DEEPER, ...MORE], { minLength: 1 });
    fc.assert(
      fc.property(documents, paths, change, (document, asked, changed) => {
        const { document: rewritten, prefix, read } = withFilterSelections(schema, document, undefined, asked);
        expect(validate(schema, rewritten)).toEqual([]);
        const result = run(rewritten, { changed });
        expect(result.errors).toBeUndefined();
        const event = read(result.data);
        for (const path of asked.map((one) => one.split('.'))) {
          expect(leaves(event, path)).toEqual(resolved(changed, path));
        }
        expect(withoutAdded(result.data, prefix)).toEqual(run(document, { changed }).data);
        expect(print(document)).not.toContain(prefix);
      }),
      { numRuns: RUNS },
    );
  });

  const asked = ['id', 'buyer.strict', 'tags'];
  const document = parse(
    'subscription One { changed { ...F } } subscription Two { y: listed { ...F } } fragment F on Change { tenant }',
  );

  test('is the same object for the same document, operation and paths', () => {
    const one = withFilterSelections(schema, document, 'One', asked);
    expect(withFilterSelections(schema, document, 'One', [...asked])).toBe(one);
    expect(withFilterSelections(schema, document, undefined, asked)).toBe(one);
    expect(withFilterSelections(schema, document, 'Two', asked)).not.toBe(one);
    expect(withFilterSelections(schema, document, 'One', ['id'])).not.toBe(one);
    expect(withFilterSelections(schema, parse(print(document)), 'One', asked).document).toEqual(
      withFilterSelections(schema, parse(print(document)), 'One', asked).document,
    );
  });

  test('asks in the operation that is run and in no other', () => {
    const { document: rewritten, read } = withFilterSelections(schema, document, 'Two', asked);
    expect(rewritten.definitions[0]).toBe(document.definitions[0]);
    expect(rewritten.definitions[2]).toBe(document.definitions[2]);
    const changed = { id: '1', tenant: 'a', tags: ['t'], buyer: { strict: 's' } };
    const { data } = run(rewritten, { changed, listed: [[changed], []] }, 'Two');
    expect(read(data)).toEqual([[{ id: '1', tags: ['t'], buyer: { strict: 's' } }], []]);
    expect(run(rewritten, { changed }, 'One').data).toEqual({ changed: { tenant: 'a' } });
  });

  test('reads a subscription of an interface and of a union', () => {
    const ofItem = withFilterSelections(schema, parse('subscription { item { sku } }'), '', ['sku', 'pages']);
    const card = { __typename: 'Card', sku: 'c', pages: ['1', '2'] };
    expect(ofItem.read(run(ofItem.document, { item: card }).data)).toEqual({ sku: 'c', pages: ['1', '2'] });
    const ofFound = withFilterSelections(schema, parse('subscription { found { __typename } }'), '', ['pages']);
    expect(ofFound.read(run(ofFound.document, { found: { __typename: 'Book', pages: 1 } }).data)).toEqual({ pages: 1 });
    expect(ofFound.read(run(ofFound.document, { found: { __typename: 'Buyer' } }).data)).toEqual({});
  });

  test('leaves out what is null because of an error, and keeps what is null by itself', () => {
    const { document: rewritten, read } = withFilterSelections(schema, document, 'One', ['id', 'tags', 'buyer.strict']);
    function fails(): never {
      throw new Error('It fails.');
    }
    const { data, errors } = run(rewritten, { changed: { id: fails, tags: null, buyer: { strict: fails } } }, 'One');
    expect(read(data, errors)).toEqual({ id: undefined, tags: null, buyer: undefined });
    expect(read(data)).toEqual({ id: null, tags: null, buyer: null });
    expect(read(data, [{}])).toEqual({ id: undefined, tags: undefined, buyer: undefined });
    expect(read(data, [{ path: [] }])).toEqual({ id: undefined, tags: undefined, buyer: undefined });
    expect(read(data, [{ path: ['changed', 'tenant'] }])).toEqual({ id: null, tags: null, buyer: null });
    const failed = run(rewritten, { changed: fails }, 'One');
    expect(read(failed.data, failed.errors)).toBeUndefined();
    expect(read({ changed: null })).toBeNull();
    expect(read({ changed: null }, [{ path: null }])).toBeUndefined();
  });

  test('finds the errors of the elements of a list', () => {
    const { document: rewritten, read, prefix } = withFilterSelections(schema, document, 'Two', ['id']);
    const { data } = run(rewritten, { listed: [[{ id: null }, { id: null }]] }, 'Two');
    expect(read(data, [{ path: ['y', 0, 1, `${prefix}id`] }])).toEqual([[{ id: null }, { id: undefined }]]);
  });

  test.each([null, undefined, 1, 'x', [], {}, { changed: 1 }, { changed: 'x' }])('finds nothing in %j', (data) => {
    expect(withFilterSelections(schema, document, 'One', asked).read(data)).toBeUndefined();
  });

  test('reads nothing of an answer whose lists have no end', () => {
    const { read, prefix } = withFilterSelections(schema, document, 'One', ['tags']);
    let tags: unknown = 'x';
    for (let level = 0; level < 50_000; level++) tags = [tags];
    expect(leaves({ tags: 'x' }, ['tags'])).toEqual(['x']);
    expect(JSON.stringify(read({ changed: { [`${prefix}tags`]: tags } }))).toMatch(/^\{"tags":\[+null\]+\}$/);
  });

  test('is the client’s own where nothing can be asked for', () => {
    const ask = (operation: string, paths: readonly string[]) => {
      const own = parse(operation);
      const { document: rewritten, read } = withFilterSelections(schema, own, 'A', paths);
      return { isOwn: rewritten === own, event: read({ count: 1, changed: { id: '1' } }) };
    };
    expect(ask('subscription A { count }', ['id'])).toEqual({ isOwn: true, event: undefined });
    expect(ask('subscription A { changed { id } }', [])).toEqual({ isOwn: true, event: {} });
    expect(ask('subscription A { changed { id } }', ['nope', 'id.x', 'buyer', 'buyer.nope'])).toEqual({
      isOwn: true,
      event: {},
    });
    expect(ask('subscription B { changed { id } }', ['id'])).toEqual({ isOwn: true, event: undefined });
    expect(ask('subscription A { changed @skip(if: true) { id } }', ['id'])).toEqual({ isOwn: true, event: undefined });
  });
});

test('a client cannot take the response keys of a filter', () => {
  const keys = ['subscriptionFilter_', 'subscriptionFilter___x', 'subscriptionFilter_id', 'subscriptionFilter__'];
  const own = parse(`subscription { changed { ${keys.map((key) => `${key}: tenant`).join(' ')} ...F } }
    fragment F on Change { subscriptionFilter_____: tenant }`);
  const { prefix, document, read } = withFilterSelections(schema, own, undefined, ['id']);
  expect(print(own)).not.toContain(prefix);
  const { data } = run(document, { changed: { id: '1', tenant: 'a' } });
  expect(read(data)).toEqual({ id: '1' });
});
