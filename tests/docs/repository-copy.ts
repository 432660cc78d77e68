import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../deploy/repository.ts';

/** What a plugin is written, checked and run with. */
const PARTS = [
  'package.json',
  'tsconfig.json',
  '.oxlintrc.json',
  '.oxfmtrc.json',
  'vitest.config.ts',
  'gateway.config.ts',
  'plugins',
  'commands',
  'subgraphs',
  'examples',
  'docs',
  'tests/harness',
];

/** A copy of the working tree, in a folder of its own, that may be changed: with the same packages. */
export interface RepositoryCopy extends AsyncDisposable {
  readonly path: string;
}

export async function copyRepository(): Promise<RepositoryCopy> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-copy-'));
  await Promise.all(PARTS.map((part) => cp(join(ROOT, part), join(path, part), { recursive: true })));
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
