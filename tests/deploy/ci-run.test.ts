import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from './repository.ts';

/** In place of npm: notes how it is called, leaves the results where vitest would, and ends as it is told to. */
const NPM = `#!/bin/sh
echo "$*" >> "$CALLS"
[ "$1 $2" = "$FAILS" ] && exit 3
for arg; do
  case $arg in --outputFile.json=*) [ -n "$RESULTS" ] && printf %s "$RESULTS" > "\${arg#*=}";; esac
done
case "$1 $2" in "test --") exit "$STATUS";; "run test:faults") exit "$FAULTS_STATUS";; esac
exit 0
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-ci-'));
  await Promise.all(['.ci', 'bin'].map((name) => mkdir(join(folder, name))));
  await copyFile(join(ROOT, '.ci/run'), join(folder, '.ci/run'));
  await writeFile(join(folder, 'bin/npm'), NPM, { mode: 0o755 });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly lines: readonly string[];
  readonly lastLine: string | undefined;
  /** npm's command lines. */
  readonly calls: readonly string[];
}

interface Given {
  /** What vitest's JSON reporter writes, each time; nothing when it ends too early. */
  readonly results?: object;
  /** The exit code of `npm test`. */
  readonly status?: number;
  /** The exit code of `npm run test:faults`. */
  readonly faultsStatus?: number;
  /** The npm command that fails. */
  readonly fails?: string;
}

async function ciRun({ results, status = 0, faultsStatus = 0, fails = '' }: Given): Promise<Outcome> {
  const env = {
    PATH: [join(folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter),
    CALLS: join(folder, 'calls'),
    RESULTS: results ? JSON.stringify(results) : '',
    STATUS: String(status),
    FAULTS_STATUS: String(faultsStatus),
    FAILS: fails,
  };
  const { promise, resolve } = Promise.withResolvers<{ code: number; stdout: string }>();
  execFile(join(folder, '.ci/run'), { env, cwd: tmpdir() }, (error, stdout) => {
    resolve({ code: Number(error?.code ?? 0), stdout });
  });
  const { code, stdout } = await promise;
  const calls = await readFile(join(folder, 'calls'), 'utf8');
  const lines = stdout.trimEnd().split('\n');
  return { code, lines, lastLine: lines.at(-1), calls: calls.trimEnd().split('\n') };
}

const file = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  message: 'it cannot be loaded',
  assertionResults: tests.map((result, at) => ({
    status: result,
    fullName: `promise ${at}`,
    failureMessages: result === 'failed' ? [`broken ${at}`] : [],
  })),
});
const counts = {
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [] as object[],
};

test('CI installs, checks and tests, in this order, and ends with the counts of both runs of tests', async () => {
  const results = { ...counts, numPassedTests: 7, numPendingTests: 1, numTodoTests: 1, testResults: [file('passed')] };
  const { code, lastLine, calls } = await ciRun({ results });
  expect(code).toBe(0);
  expect(lastLine).toBe('14 passed, 0 failed, 4 skipped');
  expect(calls.map((call) => call.replace(/=\S+$/, ''))).toEqual([
    'ci',
    'run check',
    'test -- --reporter=default --reporter=json --outputFile.json',
    'run test:faults -- --reporter=default --reporter=json --outputFile.json',
  ]);
});

test('a failed test fails CI, and is told of at its end', async () => {
  const results = {
    ...counts,
    numPassedTests: 7,
    numFailedTests: 2,
    testResults: [file('failed', 'failed', 'passed', 'failed')],
  };
  const { code, lines, lastLine } = await ciRun({ results, status: 1 });
  expect(code).toBe(1);
  expect(lines.slice(-5, -1)).toEqual(['FAILED promise 0', '  broken 0', 'FAILED promise 2', '  broken 2']);
  expect(lastLine).toBe('14 passed, 4 failed, 0 skipped');
});

test('a test file that cannot be loaded counts as a failure', async () => {
  const results = { ...counts, numPassedTests: 7, testResults: [file('passed', 'passed'), file('failed')] };
  const { code, lines, lastLine } = await ciRun({ results, status: 1 });
  expect(code).toBe(1);
  expect(lines.slice(-3, -1)).toEqual(['FAILED a.test.ts', '  it cannot be loaded']);
  expect(lastLine).toBe('14 passed, 2 failed, 0 skipped');
});

test.each([{ status: 1 }, { faultsStatus: 1 }])(
  'CI fails when the test runner does, even if no test did: %o',
  async (ends) => {
    const results = { ...counts, numPassedTests: 7, testResults: [file('passed', 'passed')] };
    expect(await ciRun({ results, ...ends })).toMatchObject({ code: 1, lastLine: '14 passed, 0 failed, 0 skipped' });
  },
);

test('CI fails when no test ran', async () => {
  expect(await ciRun({ results: counts })).toMatchObject({ code: 1, lastLine: '0 passed, 0 failed, 0 skipped' });
  expect(await ciRun({})).toMatchObject({ code: 1, lastLine: '' });
});

test.each(['ci ', 'run check'])('nothing is tested when "npm %s" fails', async (fails) => {
  const { code, calls } = await ciRun({ fails });
  expect(code).toBe(3);
  expect(calls.at(-1)).toBe(fails.trim());
});
