import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { configurationLines, newPlugin, PLUGIN_NAME } from './new-plugin/files.ts';

const USAGE = `Usage: npm run new-plugin -- NAME

Writes a plugin that works, to be changed into yours: plugins/NAME, tests/NAME and docs/NAME.md.
  NAME  words in lower case with hyphens between them, such as rate-labels`;

const ROOT = new URL('..', import.meta.url);
const FORMATTER = new URL('node_modules/oxfmt/bin/oxfmt', ROOT);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' } } });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const name = checkedName(positionals);
  const files = newPlugin(name);
  for (const { path, text } of files) {
    const file = new URL(path, ROOT);
    await mkdir(dirname(file.pathname), { recursive: true });
    await writeFile(file, text, { flag: 'wx' });
    console.log(`wrote ${path}`);
  }
  // Where lines break depends on how long the name is.
  execFileSync(process.execPath, [FORMATTER.pathname, ...files.map(({ path }) => path)], { cwd: ROOT });
  const { importLine, pluginLine } = configurationLines(name);
  console.log(`
Two lines for gateway.config.ts, the second one in \`plugins\`, after what it builds on:

  ${importLine}

      ${pluginLine}

Then a line in docs/README.md, and \`npm run docs:configuration\`. How to go on: docs/write-your-own-plugin.md`);
}

function checkedName(given: readonly string[]): string {
  const [name, ...rest] = given;
  if (name === undefined || rest.length > 0) throw new Error('it takes the name of one plugin');
  if (!PLUGIN_NAME.test(name)) {
    throw new Error(`"${name}" is no name for a plugin; it takes words in lower case with hyphens between them`);
  }
  for (const path of [`plugins/${name}`, `plugins/${name}.ts`, `tests/${name}`, `docs/${name}.md`]) {
    if (existsSync(new URL(path, ROOT))) throw new Error(`${path} is there already`);
  }
  return name;
}

try {
  await main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
