import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyRepository, type RepositoryCopy } from './repository-copy.ts';

// `npm run new-plugin`, in a copy of the repository.

const NAME = 'many-fields';
const BIN = 'node_modules/.bin';

let copy: RepositoryCopy;
let made: Ran;

beforeAll(async () => {
  copy = await copyRepository();
  made = await run('node', 'commands/new-plugin.ts', NAME);
});
afterAll(() => copy?.[Symbol.asyncDispose]());

interface Ran {
  readonly code: number;
  readonly output: string;
}

function run(program: string, ...args: string[]): Promise<Ran> {
  const path = program === 'node' ? process.execPath : join(copy.path, BIN, program);
  return new Promise((resolve) => {
    execFile(path, args, { cwd: copy.path, env: { ...process.env, NO_COLOR: '1' } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: stdout + stderr });
    });
  });
}

test('it writes a folder, a test and a page, and says the two lines that the configuration needs', async () => {
  expect(made).toEqual({
    code: 0,
    output: expect.stringContaining("import { useManyFields } from './plugins/many-fields/index.ts';"),
  });
  expect(made.output).toContain('useManyFields({ log }),');
  expect(await readdir(join(copy.path, 'plugins', NAME))).toEqual(['index.ts']);
  expect(await readdir(join(copy.path, 'tests', NAME))).toEqual(['gateway.config.ts', 'many-fields.test.ts']);
  expect(await readFile(join(copy.path, 'docs', `${NAME}.md`), 'utf8')).toMatch(/^# Many fields\n/);
});

test('what it writes passes the checks of the house, and its test is green', async () => {
  const config = join(copy.path, 'gateway.config.ts');
  const text = await readFile(config, 'utf8');
  const [, importLine = '', pluginLine = ''] = /\n {2}(import .*)\n\n {6}(use.*)\n/.exec(made.output) ?? [];
  const placed = text.replace(/^ {6}limiting,\n/m, (before) => `${before}      ${pluginLine}\n`);
  await writeFile(config, `${importLine}\n${placed}`);

  const written = [`plugins/${NAME}`, `tests/${NAME}`];
  const [types, lint, format, tests] = await Promise.all([
    run('tsc', '--noEmit', '--project', await projectOf(written)),
    run('oxlint', '--deny-warnings', ...written),
    run('oxfmt', '--check', ...written),
    run('vitest', 'run', '--project', 'all', `tests/${NAME}`),
  ]);
  const ofIts = types.output.split('\n').filter((line) => line.includes(NAME) || line.startsWith('gateway.config.ts'));
  expect(ofIts).toEqual([]);
  expect({ lint, format }).toEqual({
    lint: expect.objectContaining({ code: 0 }),
    format: expect.objectContaining({ code: 0 }),
  });
  expect(tests).toEqual({ code: 0, output: expect.stringMatching(/Tests.* 2 passed/) });
});

test.each([
  ['nothing', [], 'it takes the name of one plugin'],
  ['two names', ['one', 'two'], 'it takes the name of one plugin'],
  ['upper case', ['ManyFields'], '"ManyFields" is no name for a plugin'],
  ['a path', ['../limits'], '"../limits" is no name for a plugin'],
  ['a plugin that is there', ['limits'], 'plugins/limits is there already'],
  ['a page that is there', ['architecture'], 'docs/architecture.md is there already'],
  ['an unknown option', ['--force', 'many-more'], "Unknown option '--force'"],
])('%s is refused, and nothing is written', async (_what, args, message) => {
  const { code, output } = await run('node', 'commands/new-plugin.ts', ...args);
  expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(message) });
  expect(output).not.toContain('wrote');
});

/** The compiler's options of the house, for these folders and the configuration. */
async function projectOf(folders: readonly string[]): Promise<string> {
  const path = join(copy.path, 'tsconfig.new-plugin.json');
  await writeFile(path, JSON.stringify({ extends: './tsconfig.json', include: ['gateway.config.ts', ...folders] }));
  return path;
}
