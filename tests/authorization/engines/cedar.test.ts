import { describe, expect, test } from 'vitest';
import { decisionIn } from '../../../plugins/authorization/engines/cedar/answer.ts';
import { cedarEngine } from '../../../plugins/authorization/engines/index.ts';
import type { PolicyDecision, PolicyEngine, PolicyQuestion } from '../../../plugins/authorization/policy-engine.ts';
import { permitWhen, policyDirectory } from './policy-directory.ts';
import { ALICE, ALLOW, DENY, decide, NOBODY, outcomes, question } from './questions.ts';

async function using<Result>(
  policies: Readonly<Record<string, string>>,
  work: (engine: PolicyEngine) => Promise<Result>,
): Promise<Result> {
  await using directory = await policyDirectory(policies);
  const engine = cedarEngine({ directory: directory.path });
  try {
    return await work(engine);
  } finally {
    await engine.close?.();
  }
}

function decision(policy: string, asked: Partial<PolicyQuestion> = {}): Promise<PolicyDecision | undefined> {
  return using({ owner: policy }, async (engine) => (await decide(engine, [question(asked)]))[0]);
}

describe('a Cedar policy', () => {
  test.each([
    'principal == Principal::"alice" && principal.id == "alice" && principal.kind == "user" && principal.method == "jwt"',
    'principal.clientId == "web" && principal.tier == "gold"',
    'principal.scopes.containsAll(["read", "write"]) && principal.roles.contains("support")',
    'principal.claims.department == "sales"',
    'action == Action::"query" && resource == Field::"Query.user"',
    'context.args.id == principal.id && context.args.first <= 10 && context.args.filter.tags == ["b", "a", "b"]',
    'context.request.operationName == "Users" && ip(context.request.address).isInRange(ip("192.0.2.0/24"))',
  ])('sees all of the question: %s', async (condition) => {
    const args = { id: 'alice', first: 10, filter: { tags: ['a', 'b'] } };
    expect(await decision(permitWhen(condition), { args })).toEqual(ALLOW);
    expect(await decision(permitWhen(`!(${condition})`), { args })).toEqual(DENY);
  });

  test('may ask for what may be absent', async () => {
    const absent = ['principal has clientId', 'principal has tier', 'context.request has operationName'];
    const request = { operationName: undefined, address: '' };
    const asked = { principal: NOBODY, request, args: { id: undefined } };
    const condition = [...absent, 'principal.claims has sub', 'context.args has id'].join(' || ');
    expect(await decision(permitWhen(condition), asked)).toEqual(DENY);
  });

  test('tells null and fractions from all else', async () => {
    const args = { nothing: null, list: [null, 1.5], big: 1e20 };
    const condition =
      'context.args.nothing == Null::"null" && context.args.list.contains(Number::"1.5") && ' +
      'context.args.list.contains(Null::"null") && context.args.big == Number::"100000000000000000000"';
    expect(await decision(permitWhen(condition), { args })).toEqual(ALLOW);
    expect(await decision(permitWhen('context.args.nothing == Null::"null"'), { args: { nothing: 'null' } })).toEqual(
      DENY,
    );
    expect(await decision(permitWhen('context.args.n < 2'), { args: { n: 1.5 } })).toMatchObject({ outcome: 'failed' });
  });

  test('that cannot be evaluated has failed, whatever the others in its file say', async () => {
    const text = `permit(principal, action, resource);\n\nforbid(principal, action, resource)\nwhen { context.args.id == "x" };`;
    expect(await decision(text)).toEqual({
      outcome: 'failed',
      reason: 'policy1 could not be evaluated (line 4: context.args.id)',
    });
  });

  test('that has failed says why without repeating an argument', async () => {
    const failure = await decision(permitWhen('ip(context.args.id).isLoopback()'), { args: { id: 'hunter2' } });
    expect(failure).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('ip(context.args.id)') });
    expect(JSON.stringify(failure)).not.toContain('hunter2');
  });

  test('that Cedar refuses to ask has failed', () => {
    const refusal = decisionIn({ type: 'failure', errors: [], warnings: [] }, '');
    expect(refusal).toEqual({ outcome: 'failed', reason: 'Cedar refused the question' });
  });

  test('forbids what it also permits', async () => {
    const text = 'permit(principal, action, resource); forbid(principal, action, resource);';
    expect(await decision(text)).toEqual(DENY);
  });
});

describe('no argument becomes something in Cedar that is not JSON', () => {
  const claims = { role: { __entity: { type: 'Role', id: 'admin' } } };
  test.each([
    ['an entity', { id: { __entity: { type: 'Principal', id: 'alice' } } }],
    ['an entity, deep in it', { a: [{ b: { __entity: { type: 'Principal', id: 'alice' } } }] }],
    ['an extension value', { id: { __extn: { fn: 'ip', arg: '127.0.0.1' } } }],
    ['an expression', { id: { __expr: 'Principal::"alice"' } }],
    ['half a character', { id: '\ud800' }],
    ['half a character as a key', { '\ud800': 1 }],
    ['no number', { id: Number.POSITIVE_INFINITY }],
    ['a date', { id: new Date(0) }],
    ['a big integer', { id: 1n }],
    ['more than 64 levels', { id: JSON.parse(`${'['.repeat(65)}${']'.repeat(65)}`) }],
  ])('%s has failed', async (_name, args) => {
    const policies = permitWhen('true');
    const failure = { outcome: 'failed', reason: 'its claims, arguments or resource cannot be said in Cedar' };
    expect(await decision(policies, { args })).toEqual(failure);
    expect(await decision(policies, { principal: { ...ALICE, claims: args } })).toEqual(failure);
  });

  test('nor does a claim', async () => {
    const principal = { ...ALICE, claims };
    expect(await decision(permitWhen('principal.claims.role == Role::"admin"'), { principal })).toMatchObject({
      outcome: 'failed',
    });
  });
});

test('each policy name has its own file, and a name without one has failed', async () => {
  const policies = { yes: permitWhen('true'), no: permitWhen('false'), nothing: '' };
  const asked = ['yes', 'no', 'nothing', 'other', '../yes', 'constructor', ''].map((policy) => question({ policy }));
  expect(await using(policies, (engine) => outcomes(engine, asked))).toEqual([
    'allow',
    'deny',
    'deny',
    'failed',
    'failed',
    'failed',
    'failed',
  ]);
});

test('two engines of one process do not share policies of the same name', async () => {
  await using first = await policyDirectory({ owner: permitWhen('true') });
  await using second = await policyDirectory({ owner: permitWhen('false') });
  const engines = [cedarEngine({ directory: first.path }), cedarEngine({ directory: second.path })] as const;
  try {
    expect(await outcomes(engines[0], [question()])).toEqual(['allow']);
    expect(await outcomes(engines[1], [question()])).toEqual(['deny']);
  } finally {
    for (const engine of engines) await engine.close?.();
  }
});

test('two hundred questions let others have their turn, and end when the signal aborts', async () => {
  const asked = Array.from({ length: 200 }, (_, id) => question({ args: { id } }));
  await using(
    { owner: permitWhen('context.args.id < 100 && principal.claims.department == "sales"') },
    async (engine) => {
      expect(await outcomes(engine, asked)).toEqual(asked.map((_, id) => (id < 100 ? 'allow' : 'deny')));
      const controller = new AbortController();
      const decided = outcomesOf(engine, asked, controller.signal);
      setImmediate(() => controller.abort());
      const ended = await decided;
      expect(ended[0]).toBe('allow');
      expect(ended.at(-1)).toBe('failed');
      expect(ended).toHaveLength(200);
    },
  );
});

async function outcomesOf(
  engine: PolicyEngine,
  asked: readonly PolicyQuestion[],
  signal: AbortSignal,
): Promise<string[]> {
  return (await decide(engine, asked, signal)).map(({ outcome }) => outcome);
}

describe('what is wrong when the gateway starts stops it', () => {
  test('a folder that is not there', () => {
    expect(() => cedarEngine({ directory: '/nowhere/at/all' })).toThrow(
      'cedarEngine: directory cannot be read: ENOENT',
    );
  });

  test.each([undefined, '', 1])('a folder that is no path: %s', (directory) => {
    expect(() => cedarEngine({ directory: directory as never })).toThrow('cedarEngine: directory takes a path');
  });

  test.each([
    [
      'syntax',
      'permit(principal, action, resource)\nwhen { ; };',
      /owner\.cedar is wrong: .* unexpected token `;`.*line 2: ;/,
    ],
    ['a template', 'permit(principal == ?principal, action, resource);', /owner\.cedar is wrong: .*template/],
  ])('a policy file that is wrong: %s', async (_name, text, message) => {
    await using directory = await policyDirectory({ owner: text });
    expect(() => cedarEngine({ directory: directory.path })).toThrow(message);
  });
});
