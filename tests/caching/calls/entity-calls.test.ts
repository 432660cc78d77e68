import fc from 'fast-check';
import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import type { CallAnswer, SubgraphCall } from '../../../plugins/caching/calls/call-cache.ts';
import { callPlanOf } from '../../../plugins/caching/calls/call-plan.ts';
import { entityCalls } from '../../../plugins/caching/calls/entity-calls.ts';
import type { LocatedError } from '../../../plugins/caching/calls/entity-split.ts';
import type { CacheUse, Reading } from '../../../plugins/caching/calls/reading.ts';
import { cacheMetrics } from '../../../plugins/caching/metrics.ts';
import { cachePolicies } from '../../../plugins/caching/policy/cache-policy.ts';
import { schemaCaching } from '../../../plugins/caching/schema-caching.ts';
import { createCacheStore, type CacheStore } from '../../../plugins/caching/store/index.ts';
import { CACHING_HEADERS } from '../../../plugins/request-context.ts';
import { connectRedis } from '../../../plugins/redis/index.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 200);

const schema = buildSchema(`
  directive @join__type(graph: String, key: String) repeatable on OBJECT
  directive @cacheControl(maxAge: Int) on OBJECT
  type Query { product: Product }
  type Product @join__type(graph: "A", key: "id") @cacheControl(maxAge: 60) { id: ID! name: String price: Int part(n: Int): Int }
  type Brand @join__type(graph: "A", key: "id") { id: ID! name: String }
`);
const caching = schemaCaching(schema);

interface Representation {
  readonly __typename: string;
  readonly id: string;
}
type Variables = Readonly<Record<string, unknown>>;

/** Entities by their ids: 0 is not there, 13 is an error, and the price of 7 is another one. */
function resolve(field: string, { __typename: type, id }: Representation, variables: Variables): unknown {
  if (id === '0') return null;
  if (field === 'a') return type === 'Product' ? { id, price: Number(id) * 10 } : { id, name: `Brand ${id}` };
  if (field === 'b') return { id, name: `Product ${id}` };
  return { id, p: Number(id) + Number(variables['n']) };
}

const FIELDS: Readonly<Record<string, string>> = { a: 'r', b: 'r', c: 's' };
const DOCUMENT = parse(`query ($r: [_Any!]!, $s: [_Any!]!, $n: Int) {
  a: _entities(representations: $r) { ... on Product { id price } ... on Brand { id name } }
  b: _entities(representations: $r) { ... on Product { id name } ... on Brand { id name } }
  c: _entities(representations: $s) { ... on Product { id p: part(n: $n) } }
}`);

/** As a subgraph answers. */
function answer(variables: Variables): CallAnswer {
  const errors: LocatedError[] = [];
  const data = Object.fromEntries(
    Object.entries(FIELDS).map(([field, variable]) => [
      field,
      (variables[variable] as readonly Representation[]).map((representation, index) => {
        if (representation.id !== '13') return resolve(field, representation, variables);
        errors.push({ message: 'broken', path: [field, index, 'price'] });
        return null;
      }),
    ]),
  );
  return errors.length > 0 ? { data, errors } : { data };
}

function cacheOf(store: CacheStore, nullMaxAge = 0) {
  const call = entityCalls({
    store,
    policies: cachePolicies({}),
    vary: [],
    defaultMaxAge: 0,
    nullMaxAge,
    lifetimeOf: (maxAge) => (maxAge > 0 ? { ttlMs: maxAge * 1000 } : undefined),
    metrics: cacheMetrics,
    onRefreshFailed: () => {},
  });
  const plan = callPlanOf(schema, DOCUMENT);
  if (plan.kind !== 'entities') throw new Error('not a plan of entities');
  return async (variables: Variables, send: SubgraphCall['send'], use: CacheUse = 'use') => {
    const reading: Reading = {
      schema,
      use,
      privateKey: undefined,
      varyKey: '',
      needsTags: true,
      parts: [],
      changed: [],
    };
    const given = await call(plan, { schema: caching, subgraph: 'A', version: '1', variables, reading, send });
    return { given, reading };
  };
}

const shared = connectRedis({ url: undefined, log: { info() {}, warn() {}, error() {} } });
const representations = fc.array(
  fc.record({
    __typename: fc.constantFrom('Product', 'Product', 'Brand'),
    id: fc.integer({ min: 0, max: 15 }).map(String),
  }),
  { maxLength: 8 },
);
const products = representations.map((list) => list.map((one) => ({ ...one, __typename: 'Product' })));
const sorted = (errors: CallAnswer['errors'] = []): readonly string[] =>
  errors.map(({ message, path }) => JSON.stringify([message, path])).toSorted();

test('whatever part of a call the cache has, its answer is that of the subgraph', async () => {
  let spared = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          r: representations,
          s: products,
          n: fc.integer({ min: 0, max: 2 }),
          use: fc.constantFrom<CacheUse>('use', 'use', 'use', 'refresh', 'bypass'),
        }),
        { minLength: 2, maxLength: 6 },
      ),
      fc.integer({ min: 0, max: 60 }),
      async (calls, nullMaxAge) => {
        const store = createCacheStore({ shared });
        const ask = cacheOf(store, nullMaxAge);
        for (const { use, ...variables } of calls) {
          const whole = answer(variables);
          let sent = 0;
          const { given } = await ask(
            variables,
            async (rest) => {
              sent += (rest['r'] as readonly unknown[]).length + (rest['s'] as readonly unknown[]).length;
              return answer(rest);
            },
            use,
          );
          expect(given.data).toEqual(whole.data);
          // Of what was asked for without need, since another field needed it, no error is told twice.
          expect(new Set(sorted(given.errors))).toEqual(new Set(sorted(whole.errors)));
          spared += variables.r.length + variables.s.length - sent;
        }
        await store.close();
      },
    ),
    { numRuns: RUNS },
  );
  expect(spared).toBeGreaterThan(RUNS);
});

const product = (id: string): Representation => ({ __typename: 'Product', id });
const asksFor = (ids: readonly string[]) => ({ r: [], s: ids.map(product), n: 1 });

test('of a type about which nobody says that it may be kept, nothing is', async () => {
  const store = createCacheStore({ shared });
  const ask = cacheOf(store);
  const sent: unknown[] = [];
  for (let i = 0; i < 2; i++) {
    await ask({ r: [{ __typename: 'Brand', id: '1' }], s: [], n: 1 }, async (rest) => {
      sent.push(rest['r']);
      return answer(rest);
    });
  }
  expect(sent).toHaveLength(2);
});

test('a subgraph that mixes its entities up is not believed', async () => {
  const store = createCacheStore({ shared });
  const ask = cacheOf(store);
  const mixed = async (rest: Variables): Promise<CallAnswer> => {
    const { data } = answer(rest) as { data: Record<string, unknown[]> };
    return { data: { ...data, c: data['c']?.toReversed() } };
  };
  await ask(asksFor(['1', '2']), mixed);
  const { given } = await ask(asksFor(['1', '2']), async (rest) => answer(rest));
  expect(given.data).toEqual(answer(asksFor(['1', '2'])).data);
});

test.each([
  ['too few', { a: [], b: [], c: [{ id: '1', p: 2 }] }],
  ['none', { a: [], b: [], c: null }],
])('an answer with %s of the entities is given as it is, and not kept', async (_, data) => {
  const store = createCacheStore({ shared });
  const ask = cacheOf(store);
  await ask(asksFor(['3']), async (rest) => answer(rest));
  const { given } = await ask(asksFor(['1', '2', '3']), async () => ({ data }));
  expect(given.data).toEqual(data);
  const { given: after } = await ask(asksFor(['1', '2', '3']), async (rest) => answer(rest));
  expect(after.data).toEqual(answer(asksFor(['1', '2', '3'])).data);
});

test('when a call fails, what the cache has is answered, with the error for the rest', async () => {
  const store = createCacheStore({ shared });
  const ask = cacheOf(store);
  await ask(asksFor(['1', '2']), async (rest) => answer(rest));
  const { given, reading } = await ask(asksFor(['1', '3', '2']), async () => ({ errors: [{ message: 'down' }] }));
  expect(given).toEqual({
    data: { a: [], b: [], c: [{ id: '1', p: 2 }, null, { id: '2', p: 3 }] },
    errors: [{ message: 'down' }],
  });
  expect(reading.parts[0]).toMatchObject({ isSaid: false, found: 2, fetched: 1 });
});

test('what a subgraph says of its answer counts, also for whoever reads it from the cache', async () => {
  const store = createCacheStore({ shared });
  const ask = cacheOf(store);
  const said = (text: string) => async (rest: Variables) => ({
    ...answer(rest),
    [CACHING_HEADERS]: { 'cache-control': text, age: null, vary: null },
  });
  const first = await ask(asksFor(['1']), said('max-age=10'));
  expect(first.reading.parts[0]?.until).toBeLessThan(performance.now() + 10_001);
  const second = await ask(asksFor(['1']), said('no-store'));
  expect(second.reading.parts[0]).toMatchObject({ found: 1, fetched: 0, isSaid: true });
  expect(second.reading.parts[0]?.until).toBeLessThan(performance.now() + 10_001);
  await ask(asksFor(['2']), said('no-store'));
  expect((await ask(asksFor(['2']), said('private, max-age=60'))).reading.parts[0]).toMatchObject({ found: 0 });
  // For its caller alone, whom nobody knows.
  expect((await ask(asksFor(['2']), said('max-age=60'))).reading.parts[0]).toMatchObject({ found: 0 });
});
