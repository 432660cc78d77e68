import fc from 'fast-check';
import { buildSchema, parse, type ExecutionResult } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useLimits, type LimitsOptions, type RatePolicy } from '../../plugins/limits/index.ts';
import { matcher } from '../../plugins/limits/policies/match.ts';
import type { Caller, Match, NamedOperation } from '../../plugins/limits/policies/policy.ts';
import { scopeKey } from '../../plugins/limits/policies/scope.ts';
import { connectRedis } from '../../plugins/redis/index.ts';
import { ANONYMOUS, type Principal } from '../../plugins/request-context.ts';

const ADA: Principal = { ...ANONYMOUS, id: 'ada', kind: 'user', method: 'jwt', claims: { iss: 'https://a.example' } };
const schema = buildSchema('type Query { a: Int b: Int }');
const SLOW = 0.001;

interface Hooks {
  onExecute(payload: object): Promise<Done | undefined> | Done | undefined;
  status(): { readonly usage: readonly object[] };
}
interface Done {
  onExecuteDone(payload: object): void;
}

/** The plugin over a store in memory; `run` begins an operation as the gateway does, and ends it with the result. */
function limits(options: Omit<LimitsOptions, 'store'>) {
  const store = connectRedis({});
  onTestFinished(() => store.close());
  const plugin = useLimits({ store, ...options }) as unknown as Hooks;
  return {
    status: () => plugin.status(),
    async run(contextValue: object, text = '{ a }', result: ExecutionResult = { data: { a: 1 } }) {
      let early: ExecutionResult | undefined;
      const args = { schema, document: parse(text), contextValue, variableValues: {} };
      const done = await plugin.onExecute({
        args,
        setResultAndStopExecution: (given: ExecutionResult) => (early = given),
      });
      done?.onExecuteDone({ result, setResult() {} });
      return early?.errors?.[0]?.extensions;
    },
  };
}

const one: RatePolicy = { name: 'one', capacity: 1, refillPerSecond: SLOW };

test('an operation that a reload of the schema has executed once more is charged once', async () => {
  const { run } = limits({ policies: [{ ...one, capacity: 2 }] });
  const context = { principal: ADA };
  const reloaded = { errors: [{ extensions: { code: 'SCHEMA_RELOAD' } }] } as unknown as ExecutionResult;
  expect(await run(context, '{ a }', reloaded)).toBeUndefined();
  expect(await run(context)).toBeUndefined();
  expect(await run({ principal: ADA })).toBeUndefined();
  expect(await run({ principal: ADA })).toMatchObject({ code: 'RATE_LIMITED', policy: 'one', limit: 2 });
});

test('a principal with rates of its own has them in place of the policies they name', async () => {
  const { run } = limits({ policies: [one, { ...one, name: 'other', capacity: 3 }] });
  const rich: Principal = {
    ...ADA,
    id: 'key',
    method: 'api-key',
    limits: { one: { capacity: 2, refillPerSecond: SLOW } },
  };
  expect(await run({ principal: rich })).toBeUndefined();
  expect(await run({ principal: rich })).toBeUndefined();
  expect(await run({ principal: rich })).toMatchObject({ policy: 'one', limit: 2 });
  expect(await run({ principal: ADA })).toBeUndefined();
  expect(await run({ principal: ADA })).toMatchObject({ policy: 'one', limit: 1 });
});

test('what was not executed after all is not charged for its cost', async () => {
  // A mutation costs 10.
  const mutable = buildSchema('type Query { a: Int } type Mutation { change: Int }');
  const store = connectRedis({});
  onTestFinished(() => store.close());
  const policy: RatePolicy = { ...one, name: 'cost', unit: 'cost', capacity: 15 };
  const plugin = useLimits({ store, policies: [policy] }) as unknown as Hooks;
  const args = {
    schema: mutable,
    document: parse('mutation { change }'),
    contextValue: { principal: ADA },
    variableValues: {},
  };
  const done = await plugin.onExecute({ args, setResultAndStopExecution() {} });
  // As a plugin after this one refuses it.
  done?.onExecuteDone({ result: { errors: [] }, setResult() {} });
  const isRefused = async (): Promise<boolean> => {
    let refused = false;
    const again = { ...args, contextValue: { principal: ADA } };
    await plugin.onExecute({ args: again, setResultAndStopExecution: () => (refused = true) });
    return refused;
  };
  // It is given back in the background.
  await expect.poll(isRefused).toBe(false);
});

test('operators see what was asked for last', async () => {
  const { run, status } = limits({
    policies: [one],
    quotas: [{ name: 'daily', limit: 10, period: { unit: 'day' }, scope: 'global' }],
  });
  await run({ principal: ADA });
  expect(status().usage).toEqual(
    expect.arrayContaining([
      { policy: 'one', for: 'jwt:https%3A%2F%2Fa.example:ada', limit: 1, remaining: 0 },
      { policy: 'daily', for: 'all', limit: 10, remaining: 9, used: 1, periodEndsAt: expect.any(String) },
    ]),
  );
});

describe('who shares', () => {
  const callers = fc.record({
    principal: fc
      .record({
        kind: fc.constantFrom('user' as const, 'client' as const, 'anonymous' as const),
        method: fc.constantFrom('jwt' as const, 'api-key' as const),
        id: fc.constantFrom('a', 'b', 'a:b', 'b:a', ''),
        clientId: fc.constantFrom(undefined, 'a', 'app'),
        iss: fc.constantFrom(undefined, 'a', 'a:b'),
        tier: fc.constantFrom(undefined, 'gold', 'free'),
      })
      .map(({ iss, ...given }): Principal => ({ ...ANONYMOUS, ...given, claims: iss === undefined ? {} : { iss } })),
    address: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', ''),
  });
  const operation: NamedOperation = { kind: 'query', name: 'Q' };

  test('two callers share the bucket of a scope just when the scope takes them for the same', () => {
    const isAnonymous = ({ principal }: Caller) => principal.kind === 'anonymous';
    const network = ({ address }: Caller) => (address.includes(':') ? address.split('::')[0] : address);
    const identity = (caller: Caller): unknown[] =>
      isAnonymous(caller)
        ? ['address', network(caller)]
        : [caller.principal.method, caller.principal.claims['iss'] ?? '', caller.principal.id];
    const of = {
      principal: identity,
      client: (caller: Caller) =>
        caller.principal.clientId === undefined ? identity(caller) : ['client', caller.principal.clientId],
      address: (caller: Caller) => ['address', network(caller)],
      operation: () => [],
      global: () => [],
    } as const;
    fc.assert(
      fc.property(callers, callers, fc.constantFrom(...(Object.keys(of) as (keyof typeof of)[])), (a, b, scope) => {
        const isSame = JSON.stringify(of[scope](a)) === JSON.stringify(of[scope](b));
        expect(scopeKey(scope, a, operation) === scopeKey(scope, b, operation)).toBe(isSame);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a policy is for an operation when each part of its match is', () => {
    const some = <Value>(...values: Value[]) =>
      fc.option(fc.oneof(fc.constantFrom(...values), fc.subarray(values)), { nil: undefined });
    const matches: fc.Arbitrary<Match> = fc
      .record({
        principalKind: some('user' as const, 'client' as const, 'anonymous' as const),
        tier: some('gold', 'free'),
        clientId: some('a', 'app'),
        operationName: some('Q', 'R'),
        operationKind: some('query' as const, 'mutation' as const),
      })
      .map((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
    const named = fc.record({
      kind: fc.constantFrom('query' as const, 'mutation' as const, 'subscription' as const),
      name: fc.constantFrom(undefined, 'Q', 'R'),
    });
    fc.assert(
      fc.property(matches, callers, named, (match, caller, { kind, name }) => {
        const { principal } = caller;
        const facts: Record<string, string | undefined> = {
          principalKind: principal.kind,
          tier: principal.tier,
          clientId: principal.clientId,
          operationName: name,
          operationKind: kind,
        };
        const expected = Object.entries(match).every(([part, wanted]) =>
          [wanted].flat().some((value) => value === facts[part]),
        );
        expect(matcher(match)(caller, { kind, name })).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a wrong option stops the gateway with a message that names it', () => {
  const policy = (other: object) => ({ policies: [{ ...one, ...other }] });
  test.each<[string, object]>([
    ['operation.depth is -1; it takes a number from 0', { operation: { depth: -1 } }],
    ['operation.breadth is unknown; operation takes depth, height', { operation: { breadth: 1 } }],
    [
      'operation.depth.mode is "warn"; it takes "enforce" or "measure"',
      { operation: { depth: { max: 1, mode: 'warn' } } },
    ],
    ['operation.depth.tiers.gold is "x"', { operation: { depth: { max: 1, tiers: { gold: 'x' } } } }],
    ['tokens is "many"', { tokens: 'many' }],
    ['cost.subgraphs.reviews is -2', { cost: { subgraphs: { reviews: -2 } } }],
    ['the policy "one" is wrong: capacity takes a number above 0', policy({ capacity: 0 })],
    ['scope of the policy "one" is "user"; it takes principal, client', policy({ scope: 'user' })],
    ['unit of the policy "one" is "bytes"', policy({ unit: 'bytes' })],
    ['onStoreFailure of the policy "one" is "open"', policy({ onStoreFailure: 'open' })],
    ['subgraph of the policy "one" is "reviews"; it takes the unit "cost"', policy({ subgraph: 'reviews' })],
    ['there are two policies named "one"', { policies: [one, one] }],
    ['the policy "q" is wrong: period.unit takes', { quotas: [{ name: 'q', limit: 1, period: { unit: 'year' } }] }],
  ])('%s', (message, options) => {
    const store = connectRedis({});
    onTestFinished(() => store.close());
    expect(() => useLimits({ store, ...options })).toThrow(message);
  });
});
