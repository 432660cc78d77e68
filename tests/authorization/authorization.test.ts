import { buildSchema, parse, type GraphQLSchema } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  useAuthorization,
  type AuthorizationOptions,
  type PolicyDecision,
  type PolicyEngine,
  type PolicyQuestion,
} from '../../plugins/authorization/index.ts';
import { ANONYMOUS, type GatehouseContext, type Principal } from '../../plugins/request-context.ts';
import { until } from '../harness/until.ts';
import { guardedFederation, type GuardedFederation } from './cases/guarded-federation.ts';

const ADA: Principal = { ...ANONYMOUS, id: 'ada', kind: 'user', method: 'jwt' };

async function start(options: AuthorizationOptions = {}): Promise<GuardedFederation> {
  const federation = await guardedFederation(options);
  onTestFinished(() => federation[Symbol.dispose]());
  return federation;
}

const QUERY = parse('query Q { me { name email } }');

test('a field that is kept back is null with an error at its path, and the subgraph is not asked for it', async () => {
  const { ask } = await start();
  const { data, errors, sent } = await ask(QUERY, {}, ANONYMOUS);
  expect(data).toEqual({ me: { name: expect.any(String), email: null } });
  expect(errors).toEqual([
    {
      message: 'You may not see this field.',
      path: ['me', 'email'],
      extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' },
    },
  ]);
  expect(sent.join()).not.toContain('email');
  expect((await ask(QUERY, {}, ADA)).data).toEqual({ me: { name: expect.any(String), email: expect.any(String) } });
});

test('an operation of which nothing is left is answered without a call', async () => {
  const { ask } = await start();
  const { data, errors, sent } = await ask(parse('{ stamp colour }'), {}, ANONYMOUS);
  expect(data).toEqual({ stamp: null, colour: null });
  expect(errors.map(({ path }) => path)).toEqual([['stamp'], ['colour']]);
  expect(sent).toEqual([]);
});

test('an operation that is executed once more, after a reload, is decided anew', async () => {
  const { publicSchema, supergraphSdl } = await start();
  const guarded = buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true });
  const { onExecute } = useAuthorization() as unknown as { onExecute(payload: object): void };
  const contextValue: GatehouseContext = { principal: ANONYMOUS };
  const run = (schema: GraphQLSchema) => onExecute({ args: { schema, document: QUERY, contextValue } });
  run(guarded);
  expect(contextValue.withheld?.fields.size).toBe(1);
  // The public schema bears no directives.
  run(publicSchema);
  expect(contextValue.withheld).toBeUndefined();
});

test('a key that a caller may not see still leads the planner to other subgraphs', async () => {
  const { ask } = await start();
  const { data, errors } = await ask(parse('{ safes { tag weight } }'), {}, ANONYMOUS);
  expect(errors).toEqual([]);
  expect(data).toEqual({ safes: [1, 2, 3].map(() => ({ tag: expect.any(String), weight: expect.any(Number) })) });
});

describe('reject', () => {
  test.each([
    ['nobody', ANONYMOUS, 'UNAUTHENTICATED', 401],
    ['somebody', { ...ADA, scopes: ['films'] }, 'FORBIDDEN', 403],
  ])('refuses %s an operation with a field that is kept back, and asks no subgraph', async (_, who, code, status) => {
    const { ask } = await start({ mode: 'reject' });
    const { data, errors, sent } = await ask(parse('{ open me { level } }'), {}, who);
    expect({ data, sent }).toEqual({ data: null, sent: [] });
    expect(errors).toEqual([expect.objectContaining({ extensions: { code, http: { status } } })]);
  });

  test('does not look at operations that are not executed', async () => {
    const { ask } = await start({ mode: 'reject' });
    const document = parse('query A { open } query B { stamp }');
    expect((await ask(document, {}, ANONYMOUS, 'A')).errors).toEqual([]);
    expect((await ask(document, {}, ANONYMOUS, 'B')).errors).toHaveLength(1);
  });
});

test('a dry run shows everything, and logs what it would have kept back', async () => {
  const logged: object[] = [];
  const log = { info: (details: object) => void logged.push(details), warn: () => {} };
  const { ask } = await start({ dryRun: true, log: log as never });
  expect((await ask(QUERY, {}, ANONYMOUS)).errors).toEqual([]);
  expect(logged).toEqual([{ denied: [{ coordinate: 'User.email', directive: 'authenticated' }] }]);
});

describe('a policy', () => {
  const POLICY = parse('query ($n: Int) { even(n: $n) me { salary } open }');
  const asked: PolicyQuestion[][] = [];

  function engineOf(decide: PolicyEngine['decide']): PolicyEngine {
    asked.length = 0;
    return {
      name: 'test',
      decide(questions, signal) {
        asked.push([...questions]);
        return decide(questions, signal);
      },
    };
  }
  const all = (outcome: 'allow' | 'deny', ttl?: number) =>
    engineOf((questions) => questions.map((): PolicyDecision => ({ outcome, ttl })));

  test('is asked once for an operation, with the arguments, the principal and what is done', async () => {
    const { ask } = await start({ policies: [{ engine: all('allow') }] });
    expect((await ask(POLICY, { n: 4 }, ADA)).errors).toEqual([]);
    const request = { operationName: undefined, address: '' };
    expect(asked).toEqual([
      [
        {
          policy: 'even',
          principal: ADA,
          action: { kind: 'query', coordinate: 'Query.even' },
          args: { n: 4 },
          request,
        },
        { policy: 'payroll', principal: ADA, action: { kind: 'query', coordinate: 'User.salary' }, args: {}, request },
      ],
    ]);
  });

  test('that nobody decides is denied', async () => {
    const { ask } = await start({ policies: [{ engine: all('allow'), policies: ['even'] }] });
    expect((await ask(POLICY, { n: 4 }, ADA)).errors.map(({ path }) => path)).toEqual([['me', 'salary']]);
  });

  test('is remembered for as long as the route and the engine say, and for the same question only', async () => {
    const { ask } = await start({ policies: [{ engine: all('allow', 60), ttl: 60_000 }] });
    await ask(POLICY, { n: 4 }, ADA);
    await ask(POLICY, { n: 4 }, ADA);
    expect(asked).toHaveLength(1);
    await ask(POLICY, { n: 5 }, ADA);
    expect(asked[1]?.map(({ args }) => args)).toEqual([{ n: 5 }]);
    await ask(POLICY, { n: 4 }, { ...ADA, roles: ['other'] });
    expect(asked).toHaveLength(3);
    await until('the decision to be forgotten', async () => {
      await ask(POLICY, { n: 4 }, ADA);
      return asked.length === 4;
    });
  });

  test('is remembered for each caller and address, and never longer than the shortest of its answers', async () => {
    const engine = engineOf((questions) =>
      questions.map(({ policy }): PolicyDecision => ({ outcome: 'allow', ttl: policy === 'even' ? 60_000 : 80 })),
    );
    const { ask } = await start({ policies: [{ engine, ttl: 60_000 }] });
    const fixed = parse('{ even(n: 4) me { salary } }');
    for (let turn = 0; turn < 3; turn++) await ask(fixed, {}, ADA);
    expect(asked).toHaveLength(1);
    await ask(fixed, {}, { ...ADA, id: 'eve' });
    expect(asked).toHaveLength(2);
    await until('the shorter answer to be forgotten', async () => {
      await ask(fixed, {}, ADA);
      return asked.length === 3;
    });
    expect(asked[2]?.map(({ policy }) => policy)).toEqual(['payroll']);
  });

  const never = () => new Promise<never>(() => {});
  const FAULTS: Record<string, PolicyEngine['decide']> = {
    rejects: () => Promise.reject(new Error('down')),
    throws: () => {
      throw new Error('broken');
    },
    hangs: never,
    'gives fewer decisions than questions': () => [{ outcome: 'allow' }],
    'gives more': (questions) => [...questions, ...questions].map(() => ({ outcome: 'allow' })),
    'says that it failed': (questions) => questions.map(() => ({ outcome: 'failed', reason: 'unsure' })),
    'says what is no decision': (questions) => questions.map(() => ({ outcome: 'yes' }) as never),
  };

  test.each(Object.entries(FAULTS))('whose engine %s is denied, logged, and in time', async (__, decide) => {
    const warned: object[] = [];
    const log = { info: () => {}, warn: (details: object) => void warned.push(details) };
    const { ask } = await start({ policies: [{ engine: engineOf(decide), timeout: 50 }], log: log as never });
    const { data, errors } = await ask(POLICY, { n: 4 }, ADA);
    expect(data).toEqual({ even: null, me: { salary: null }, open: expect.any(Number) });
    expect(errors.map(({ extensions }) => extensions?.code)).toEqual(Array(2).fill('UNAUTHORIZED_FIELD_OR_TYPE'));
    expect(warned.length).toBeGreaterThan(0);
  });

  test('may be allowed while its engine is down, if the route says so', async () => {
    const engine = engineOf(() => Promise.reject(new Error('down')));
    const { ask } = await start({ policies: [{ engine, onFailure: 'allow' }] });
    expect((await ask(POLICY, { n: 4 }, ADA)).errors).toEqual([]);
  });

  test('whose engine has no answer to a question is denied, whatever the route says of failures', async () => {
    const engine = engineOf((questions) => questions.map(() => ({ outcome: 'failed', reason: 'no such claim' })));
    const { ask } = await start({ policies: [{ engine, onFailure: 'allow' }] });
    expect((await ask(POLICY, { n: 4 }, ADA)).errors).toHaveLength(2);
  });

  test('gives its engine a signal that aborts with the time limit', async () => {
    let reason: unknown;
    const engine = engineOf((_, signal) => {
      signal.addEventListener('abort', () => (reason = signal.reason));
      return never();
    });
    const { ask } = await start({ policies: [{ engine, timeout: 30 }] });
    await ask(POLICY, { n: 4 }, ADA);
    expect(reason).toMatchObject({ name: 'TimeoutError' });
  });
});

test.each([
  [{ mode: 'hide' }, 'mode is "hide"; it takes "filter" or "reject"'],
  [{ policies: [{ engine: { name: 'cel' }, timeout: 0 }] }, 'timeout of the engine "cel" is 0'],
  [{ policies: [{ engine: { name: 'cel' }, ttl: -1 }] }, 'ttl of the engine "cel" is -1'],
  [{ policies: [{ engine: { name: 'cel' }, onFailure: 'maybe' }] }, 'onFailure of the engine "cel" is "maybe"'],
])('a wrong option is refused when the gateway starts: %j', (options, message) => {
  expect(() => useAuthorization(options as never)).toThrow(message);
});
