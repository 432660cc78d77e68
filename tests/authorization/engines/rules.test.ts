import { describe, expect, test } from 'vitest';
import { rulesEngine } from '../../../plugins/authorization/engines/index.ts';
import type { PolicyQuestion } from '../../../plugins/authorization/policy-engine.ts';
import { ALICE, ALLOW, DENY, decide, NOBODY, outcomes, question } from './questions.ts';

async function cel(rule: string, asked: Partial<PolicyQuestion> = {}): Promise<unknown> {
  const [decision] = await decide(rulesEngine({ rules: { owner: rule } }), [question(asked)]);
  return decision;
}

describe('a CEL rule', () => {
  test.each([
    'principal.id == "alice" && principal.kind == "user" && principal.method == "jwt"',
    'principal.clientId == "web" && principal.tier == "gold"',
    '"write" in principal.scopes && principal.roles.exists(role, role.startsWith("supp"))',
    'principal.claims.department == "sales" && has(principal.claims.sub)',
    'action.kind == "query" && action.coordinate == "Query.user"',
    'args.id == principal.id && args.first <= 10 && args.filter.tags.all(tag, tag != "secret")',
    'request.operationName == "Users" && request.address.startsWith("192.0.2.")',
  ])('sees all of the question: %s', async (rule) => {
    const args = { id: 'alice', first: 10, filter: { tags: ['a', 'b'] } };
    expect(await cel(rule, { args })).toEqual(ALLOW);
    expect(await cel(`!(${rule})`, { args })).toEqual(DENY);
  });

  test.each([
    ['has(principal.clientId) || has(principal.tier)', DENY],
    ['has(principal.clientId) && principal.clientId == "web"', DENY],
    ['!has(principal.tier) && !has(request.operationName) && !has(principal.claims.sub) && !has(args.id)', ALLOW],
  ])('may ask for what may be absent: %s', async (rule, decision) => {
    const request = { operationName: undefined, address: '' };
    expect(await cel(rule, { principal: NOBODY, request, args: { id: undefined } })).toEqual(decision);
  });

  test('that cannot be evaluated has failed, and says where without repeating an argument', async () => {
    expect(await cel('principal.tier == "gold"', { principal: NOBODY })).toEqual({
      outcome: 'failed',
      reason: 'the rule could not be evaluated: no_such_key at "tier"',
    });
    const decision = await cel('args[args.key] == 1', { args: { key: 'hunter2' } });
    expect(decision).toEqual({
      outcome: 'failed',
      reason: 'the rule could not be evaluated: no_such_key at "args[args.key]"',
    });
    expect(await cel('args.n > "a"', { args: { n: 1 } })).toMatchObject({ outcome: 'failed' });
  });

  test('reads numbers of arguments and claims as doubles, which compare with whole numbers', async () => {
    expect(
      await cel('args.n == 5 && args.n > 4 && args.n + 1.0 == 6.0 && args.n in [5, 6]', { args: { n: 5 } }),
    ).toEqual(ALLOW);
  });

  test('does not see what an object has by nature', async () => {
    expect(await cel('has(args.constructor) || has(args.toString) || has(args.__proto__)')).toEqual(DENY);
  });
});

describe('a CEL rule that is wrong stops the gateway from starting, with its name, what is wrong and where', () => {
  test.each([
    ['args.id ==', /rules\.owner is wrong: Unexpected token: EOF \(line 1, column 11\)/],
    ['args.id ==\n  "a" &&\n  user.id', /rules\.owner is wrong: Unknown variable: user \(line 3, column 3\)/],
    ['policy == "owner"', /Unknown variable: policy/],
    ['principal.name == "a"', /No such key: name \(line 1, column 11\)/],
    ['principal.expiresAt > 0', /No such key: expiresAt/],
    ['principal.id + 1 == "a"', /no such overload: string \+ int/],
    ['principal.id', /it gives string, not bool/],
    ['principal.claims.admin', /it gives dyn, not bool; .* is compared: "… == true"/],
    [`${'['.repeat(100)}${']'.repeat(100)} == []`, /Exceeded maxDepth/],
    [Array.from({ length: 2_000 }, () => 'true').join(' && '), /Exceeded maxAstNodes/],
    ['', /rules\.owner is wrong/],
  ])('%s', (rule, message) => {
    expect(() => rulesEngine({ rules: { owner: rule } })).toThrow(message);
  });
});

describe('a rule that is a function', () => {
  test('gets the question and the signal, and answers a boolean or a decision, now or later', async () => {
    const seen: unknown[] = [];
    const signal = new AbortController().signal;
    const engine = rulesEngine({
      rules: {
        owner: (...given) => seen.push(given) > 0,
        later: async ({ principal }) => principal.id !== 'alice',
        short: async () => ({ outcome: 'allow', ttl: 100 }),
        unsure: () => ({ outcome: 'failed', reason: 'the office is closed' }),
      },
    });
    const asked = ['owner', 'later', 'short', 'unsure'].map((policy) => question({ policy }));
    expect(await decide(engine, asked, signal)).toEqual([
      ALLOW,
      DENY,
      { outcome: 'allow', ttl: 100 },
      { outcome: 'failed', reason: 'the office is closed' },
    ]);
    expect(seen).toEqual([[asked[0], signal]]);
  });

  test.each([
    ['throws', () => expect.fail('hunter2')],
    ['rejects', () => Promise.reject(new Error('hunter2'))],
    ['gives nothing', () => undefined],
    ['gives a text', async () => 'allow'],
    ['gives an unknown outcome', () => ({ outcome: 'maybe' })],
    ['gives a ttl that is no time', () => ({ outcome: 'allow', ttl: -1 })],
    ['gives a reason that is no text', () => ({ outcome: 'failed', reason: 1 })],
  ])('and %s has failed, alone', async (_name, rule) => {
    const engine = rulesEngine({ rules: { owner: rule as never, other: 'true' } });
    const decisions = await decide(engine, [question(), question({ policy: 'other' })]);
    expect(decisions).toEqual([{ outcome: 'failed', reason: expect.stringContaining('the rule') }, ALLOW]);
    expect(JSON.stringify(decisions)).not.toContain('hunter2');
  });

  test('and does not end has failed when the signal aborts; the others keep their decisions', async () => {
    const engine = rulesEngine({
      rules: { hangs: () => new Promise(() => {}), quick: async () => true, cel: 'false' },
    });
    const asked = ['hangs', 'quick', 'cel'].map((policy) => question({ policy }));
    const controller = new AbortController();
    const decided = decide(engine, asked, controller.signal);
    await Promise.resolve();
    controller.abort();
    const expected = [{ outcome: 'failed', reason: 'it was not decided in time' }, ALLOW, DENY];
    expect(await decided).toEqual(expected);
  });
});

test('a policy without a rule has failed, whatever its name is', async () => {
  const engine = rulesEngine({ rules: { owner: 'true' } });
  const asked = ['owner', 'other', 'constructor', '__proto__'].map((policy) => question({ policy }));
  expect(await outcomes(engine, asked)).toEqual(['allow', 'failed', 'failed', 'failed']);
});

test('rules that need no waiting are decided without a promise', () => {
  const engine = rulesEngine({ rules: { owner: 'args.id == principal.id' } });
  const signal = new AbortController().signal;
  expect(engine.decide([question({ args: { id: 'alice' } }), question({ args: { id: 'bob' } })], signal)).toEqual([
    ALLOW,
    DENY,
  ]);
});

test.each([undefined, null, 'true'])('rules take an object, and not %s', (rules) => {
  expect(() => rulesEngine({ rules: rules as never })).toThrow('rulesEngine: rules takes an object');
});

test('a rule that is neither a text nor a function is refused by its name', () => {
  expect(() => rulesEngine({ rules: { owner: true as never } })).toThrow(
    'rulesEngine: rules.owner takes a CEL expression or a function',
  );
});

test('a principal that is frozen all through is read as any other', async () => {
  const principal = Object.freeze({ ...ALICE, claims: Object.freeze({ a: Object.freeze([1]) }) });
  expect(await cel('principal.claims.a[0] == 1', { principal })).toEqual(ALLOW);
});
