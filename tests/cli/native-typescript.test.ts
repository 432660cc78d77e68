import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const CLI = new URL('../../node_modules/@graphql-hive/gateway/dist/bin.js', import.meta.url).pathname;
const NATIVE_TYPESCRIPT = new URL('../../plugins/cli/native-typescript.mjs', import.meta.url).href;

/** A config that shows how it was compiled, and ends. */
const CONFIG = `
const nameOf = (given: { name: string } | undefined) => given?.name ?? 'nobody';
console.log(String(nameOf), import.meta.url.endsWith('.ts'));
process.exit(0);
`;

async function configAsRun(...options: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-native-'));
  try {
    const config = join(folder, 'gateway.config.ts');
    await writeFile(config, CONFIG);
    const args = [...options, CLI, 'supergraph', '--config-path', config];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('plugins run as they are written, and know their own place', async () => {
  const shown = await configAsRun('--import', NATIVE_TYPESCRIPT);
  expect(shown).toContain("given?.name ?? 'nobody'");
  expect(shown).toContain('true');
});

test('without it, the CLI compiles them for an old version of Node (drop the file when this fails)', async () => {
  expect(await configAsRun()).toContain('_optionalChain');
});
