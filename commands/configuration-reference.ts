import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pageOf } from './configuration-reference/page.ts';
import { readReference } from './configuration-reference/read-reference.ts';

const USAGE = `Usage: npm run docs:configuration [-- --check]

Writes docs/reference.md from the types of the plugins' options.
  --check  writes nothing; exits with 1 when the page is not as they are`;

const ROOT = new URL('..', import.meta.url).pathname;
const PAGE = new URL('../docs/reference.md', import.meta.url);

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const page = pageOf(readReference(ROOT));
  if (!values.check) {
    await writeFile(PAGE, page);
    return 0;
  }
  if ((await readFile(PAGE, 'utf8')) === page) return 0;
  console.error('docs/reference.md is not as the types are: run `npm run docs:configuration`.');
  return 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
