import { parse } from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  useAuthorization,
  type AuthorizationOptions,
  type PolicyEngine,
  type PolicyQuestion,
} from '../../plugins/authorization/index.ts';
import { rulesEngine } from '../../plugins/authorization/engines/index.ts';
import { ANONYMOUS, type Principal } from '../../plugins/request-context.ts';
import { guardedFederation, type GuardedFederation, type SpoiltAnswer } from './cases/guarded-federation.ts';

const ADA: Principal = { ...ANONYMOUS, id: 'ada', kind: 'user', method: 'jwt' };
const NEEDS = { payroll: 'level boss { id }', diary: 'id' };

/** Allows what `allows` says, and keeps what it was asked. */
function engineOf(allows: (question: PolicyQuestion) => boolean): PolicyEngine & { asked: PolicyQuestion[][] } {
  const asked: PolicyQuestion[][] = [];
  return {
    name: 'test',
    asked,
    decide(questions) {
      asked.push([...questions]);
      return questions.map((question) => ({ outcome: allows(question) ? 'allow' : 'deny' }));
    },
  };
}

async function start(
  engine: PolicyEngine,
  options: AuthorizationOptions = {},
  spoil?: (answer: SpoiltAnswer, subgraph: string) => void,
): Promise<GuardedFederation> {
  const federation = await guardedFederation({ policies: [{ engine, needs: NEEDS }], ...options }, spoil);
  onTestFinished(() => federation[Symbol.dispose]());
  return federation;
}

const SALARIES = parse('query Q { users { id salary } }');
const CODE = { code: 'UNAUTHORIZED_FIELD_OR_TYPE' };

test('a policy is asked once for a response, about each object by what it needs of it, and no client sees that', async () => {
  const engine = engineOf(({ resource }) => resource?.level === 94);
  const { ask } = await start(engine);
  const { data, errors } = await ask(SALARIES, {}, ADA);
  const { users } = data as { users: { id: string; salary: number | null }[] };
  expect(engine.asked).toEqual([
    users.map(({ id }) => ({
      policy: 'payroll',
      principal: ADA,
      action: { kind: 'query', coordinate: 'User.salary' },
      args: {},
      request: { operationName: 'Q', address: '' },
      resource: { level: Number(id), boss: expect.toSatisfy((boss) => boss === null || typeof boss.id === 'string') },
    })),
  ]);
  expect(users.map((user) => Object.keys(user))).toEqual(users.map(() => ['id', 'salary']));
  expect(users.map(({ id, salary }) => (salary !== null) === (id === '94'))).toEqual(users.map(() => true));
  expect(errors.map(({ path, extensions }) => ({ path, extensions }))).toEqual(
    users.flatMap(({ salary }, index) =>
      salary === null ? [{ path: ['users', index, 'salary'], extensions: CODE }] : [],
    ),
  );
});

test('what is equal is asked once, in whatever field the object stands', async () => {
  const engine = engineOf(() => true);
  const { ask } = await start(engine);
  await ask(parse('{ a: diary { id } b: diary { page } me { x: salary } me { y: salary } }'), {}, ADA);
  const [questions = [], ...more] = engine.asked;
  expect(more).toEqual([]);
  expect(
    questions.filter(({ policy }) => policy === 'diary').map(({ action, args }) => [action.coordinate, args]),
  ).toEqual([['Diary', {}]]);
});

test('an object that may not be seen is null, and so is what cannot be without it', async () => {
  const { ask } = await start(engineOf(() => false));
  const { data, errors } = await ask(parse('{ open diary { id } }'), {}, ADA);
  expect(data).toBeNull();
  expect(errors.map(({ path }) => path)).toEqual([['diary']]);
  const nullable = await ask(parse('{ diaries { id } }'), {}, ADA);
  expect(nullable.data).toEqual({
    diaries: [
      [null, null, null],
      [null, null, null],
      [null, null, null],
    ],
  });
});

test('a caller whom another alternative lets in is not asked about, and nothing more is fetched', async () => {
  const engine = engineOf(({ policy }) => policy === 'audit' || policy === 'even');
  const { ask } = await start(engine, { policies: [{ engine, needs: { notes: 'text' } }] });
  const { sent } = await ask(parse('{ found { ... on Note { hidden } } }'), {}, ADA);
  expect(engine.asked.map((questions) => questions.map(({ policy }) => policy))).toEqual([['audit', 'even']]);
  expect(sent.join()).not.toContain('text');
});

describe('what a policy needs and a subgraph does not give keeps the field back, whatever the policy says', () => {
  const everything = engineOf(() => true);
  const keyOf = (data: object, name: string): string | undefined => Object.keys(data).find((key) => key.endsWith(name));

  test.each<[string, (answer: SpoiltAnswer, subgraph: string) => void]>([
    [
      'an error where there may be a null',
      (answer, subgraph) => {
        const users = (subgraph === 'work' ? answer.data?._entities : []) as Record<string, unknown>[];
        for (const [index, user] of users.entries()) {
          const key = keyOf(user, '_boss') ?? '';
          user[key] = null;
          answer.errors = [...(answer.errors ?? []), { message: 'broken', path: ['_entities', index, key] }];
        }
      },
    ],
    [
      'a null where there must be none',
      (answer) => {
        const users = answer.data?.users as Record<string, unknown>[] | undefined;
        for (const user of users ?? []) user[keyOf(user, '_level') ?? ''] = null;
      },
    ],
    [
      'a subgraph that is down',
      (answer, subgraph) => {
        if (subgraph !== 'work') return;
        answer.errors = [{ message: 'down' }];
        answer.data = null;
      },
    ],
  ])('%s', async (_, spoil) => {
    const { ask } = await start(everything, {}, spoil);
    const answer = await ask(SALARIES, {}, ADA);
    expect((answer.data as { users: { salary: unknown }[] }).users.map(({ salary }) => salary)).toEqual([
      null,
      null,
      null,
    ]);
    expect(JSON.stringify(answer.errors)).not.toMatch(/gatehouse|level|broken/);
    expect(answer.errors.map(({ path }) => path)).toEqual([0, 1, 2].map((index) => ['users', index, 'salary']));
  });
});

test('a client that names its fields as the gateway does is not confused with it', async () => {
  const engine = engineOf(() => true);
  const { ask } = await start(engine);
  const { data } = await ask(parse('{ me { gatehouse_0_User_level: name gatehouse__: id salary } }'), {}, ADA);
  expect(data).toEqual({
    me: { gatehouse_0_User_level: expect.any(String), gatehouse__: expect.any(String), salary: expect.any(Number) },
  });
  expect(engine.asked[0]?.[0]?.resource?.level).toEqual(expect.any(Number));
});

test('a response with anything that is kept back is refused as a whole in the mode "reject"', async () => {
  const { ask } = await start(
    engineOf(() => false),
    { mode: 'reject' },
  );
  const { data, errors } = await ask(SALARIES, {}, ADA);
  expect({ data, errors }).toEqual({
    data: null,
    errors: [expect.objectContaining({ extensions: { code: 'FORBIDDEN', http: { status: 403 } } })],
  });
  expect((await ask(parse('{ open }'), {}, ADA)).errors).toEqual([]);
});

test('a dry run decides on data too, shows everything and logs what it would have kept back', async () => {
  const logged: unknown[] = [];
  const log = { info: (details: object) => void logged.push(details), warn: () => {} };
  const { ask } = await start(
    engineOf(() => false),
    { dryRun: true, log: log as never },
  );
  const { data, errors } = await ask(SALARIES, {}, ADA);
  expect(errors).toEqual([]);
  expect((data as { users: { salary: unknown }[] }).users[0]?.salary).toEqual(expect.any(Number));
  const denied = { coordinate: 'User.salary', directive: 'policy' };
  expect(logged).toEqual([{ denied: [denied, denied, denied] }]);
});

test('a policy that needs what the object does not have is denied, and the log says so when the schema comes', async () => {
  const warned: unknown[] = [];
  const log = { info: () => {}, warn: (...args: unknown[]) => void warned.push(args) };
  const options = { policies: [{ engine: engineOf(() => true), needs: { payroll: 'wages' } }], log: log as never };
  const { ask, publicSchema } = await start(
    engineOf(() => true),
    options,
  );
  expect((await ask(SALARIES, {}, ADA)).errors).toHaveLength(3);
  expect(warned).toEqual([
    [
      { policy: 'payroll', reason: expect.stringContaining('Cannot query field "wages" on type "User".') },
      'A policy cannot have what it needs, and is denied',
    ],
  ]);
  expect(publicSchema).toBeDefined();
});

test('a rule in CEL sees what it needs', async () => {
  const engine = rulesEngine({ rules: { payroll: 'resource.level > 50 && resource.boss.id != principal.id' } });
  const { ask } = await start(engine, { policies: [{ engine, needs: { payroll: 'level boss { id }' } }] });
  const { data } = await ask(SALARIES, {}, ADA);
  const { users } = data as { users: { id: string; salary: number | null }[] };
  expect(users.map(({ id, salary }) => salary === null || Number(id) > 50)).toEqual([true, true, true]);
  expect(users.some(({ salary }) => salary !== null)).toBe(true);
});

test.each([
  ['{', /needs\.payroll is "\{": Syntax Error/],
  ['...F', /needs\.payroll is "...F": it has a fragment that is nowhere defined/],
  ['best(n: $n)', /it has a variable/],
  ['level @skip(if: true)', /it has a directive/],
  ['... on User { level }', /it begins with a fragment/],
  ['level } { open', /it is more than that/],
])('the need %j stops the gateway with a message that says what is wrong', (text, message) => {
  const route = { engine: engineOf(() => true), needs: { payroll: text } };
  expect(() => useAuthorization({ policies: [route] })).toThrow(message);
});

test('needs of a policy that the route does not decide stop the gateway', () => {
  const route = { engine: engineOf(() => true), policies: ['diary'], needs: { payroll: 'level' } };
  expect(() => useAuthorization({ policies: [route] })).toThrow(
    /needs of the engine "test" .* policies of its own: diary/,
  );
});
