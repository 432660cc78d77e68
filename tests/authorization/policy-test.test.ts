import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTable } from '../../commands/policy-test/table.ts';
import { startDemoSubgraphs } from '../../subgraphs/index.ts';
import { composed, toSubgraphs } from '../composition/cases/in-process.ts';
import { runCommand, type CommandResult } from '../harness/command.ts';
import { SDLS } from './cases/guarded-federation.ts';

// `npm run policy:test`, as a team runs it.

const CONFIG = new URL('cases/policies.config.ts', import.meta.url).pathname;

const { supergraphSdl, publicSdl } = composed(toSubgraphs({ people: { sdl: SDLS.people }, work: { sdl: SDLS.work } }));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-policy-test-'));
  await writeFile(join(folder, 'supergraph.graphql'), supergraphSdl);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(table: unknown, ...args: string[]): Promise<CommandResult> {
  const file = join(folder, 'table.json');
  await writeFile(file, JSON.stringify(table));
  return runCommand(
    'policy-test',
    [file, '--supergraph', join(folder, 'supergraph.graphql'), '--config', CONFIG, ...args],
    {},
  );
}

const PRINCIPALS = { ada: { scopes: ['levels'] }, eve: { roles: ['payroll'] } };
const EMAIL = '{ me { name email level } }';
const SALARY = { principal: 'ada', operation: '{ me { salary } }' };

test('a table of which each decision is as expected passes', async () => {
  const { code, stdout, stderr } = await run({
    principals: PRINCIPALS,
    cases: [
      { name: 'nobody', principal: 'anonymous', operation: EMAIL, denies: ['User.level', 'User.email'] },
      { name: 'scopes', principal: 'ada', operation: EMAIL, denies: [] },
      { name: 'own staff', ...SALARY, resources: { payroll: { boss: { id: 'ada' } } }, denies: [] },
      { name: 'others', ...SALARY, resources: { payroll: { boss: { id: 'bob' } } }, denies: ['User.salary'] },
      {
        name: 'objects',
        principal: 'ada',
        operation: '{ diary { id } }',
        resources: { diary: { keeper: { id: 'eve' } } },
        denies: ['Diary'],
      },
      {
        name: 'arguments',
        principal: 'ada',
        operation: 'query A { open } query B($n: Int) { even(n: $n) }',
        operationName: 'B',
        variables: { n: 3 },
        denies: ['Query.even'],
      },
    ],
  });
  expect(stdout.trim().split('\n')).toEqual(
    ['nobody', 'scopes', 'own staff', 'others', 'objects', 'arguments'].map((name) => `ok      ${name}`),
  );
  expect({ code, stderr: stderr.trim() }).toEqual({ code: 0, stderr: '6 of 6 decisions are as expected.' });
});

test('a decision that is not as expected fails, and says what it is', async () => {
  const denies = ['User.email'];
  const { code, stdout, stderr } = await run({
    cases: [{ name: 'mails', principal: 'anonymous', operation: EMAIL, denies }],
  });
  expect(stdout).toBe(
    'NOT OK  mails\n        expected to be denied: User.email\n        denied: User.email, User.level\n',
  );
  expect({ code, stderr: stderr.trim() }).toEqual({ code: 1, stderr: '0 of 1 decisions are as expected.' });
});

test('a policy that could not tell is no pass, even where a denial was expected', async () => {
  const cases = [{ ...SALARY, denies: ['User.salary'] }];
  const { code, stdout } = await run({ principals: PRINCIPALS, cases }, '--format', 'json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual([
    {
      name: 'cases[0]: ada',
      passes: false,
      expected: ['User.salary'],
      denied: ['User.salary'],
      problems: ['resources.payroll is missing: the policy needs it'],
    },
  ]);
});

const row = (other: object) => ({ principals: PRINCIPALS, cases: [{ ...SALARY, denies: [], ...other }] });

test.each<[string, unknown]>([
  ['the table takes {"principals": {}, "cases": []}', []],
  ['cases[0].principal is "bob"; it takes anonymous, ada, eve', row({ principal: 'bob' })],
  ['cases[0].operation: Cannot query field "nope" on type "Query"', row({ operation: '{ nope }' })],
  ['cases[0].operation: Syntax Error', row({ operation: '{' })],
  ['cases[0].denies takes a list of "Type.field"', row({ denies: 'User.email' })],
  ['cases[0].expect is unknown; it takes name, principal, operation', row({ expect: [] })],
  ['principals.ada.scopes takes a list of texts', { principals: { ada: { scopes: 'x' } }, cases: [] }],
])('it says of a wrong table: %s', (message, table) => {
  expect(() => readTable(JSON.stringify(table), buildSchema(publicSdl))).toThrow(message);
});

test('a wrong table ends it with what is wrong and how it is used', async () => {
  const { code, stdout, stderr } = await run(row({ principal: 'bob' }));
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^cases\[0\]\.principal is "bob".*\n\nUsage: npm run policy:test -- FILE/);
});

test('without a supergraph, it takes the subgraphs of the configuration as they are running', async () => {
  const demo = await startDemoSubgraphs({ ports: 'free' });
  try {
    const file = join(folder, 'demo.json');
    const operation = '{ user(id: "1") { username email } }';
    await writeFile(file, JSON.stringify({ cases: [{ principal: 'anonymous', operation, denies: ['User.email'] }] }));
    const SUBGRAPHS = demo.subgraphs.map(({ name, url }) => `${name}=${url}`).join(',');
    const { code, stdout, stderr } = await runCommand('policy-test', [file], { SUBGRAPHS });
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'ok      cases[0]: anonymous\n' });
  } finally {
    await demo.close();
  }
});
