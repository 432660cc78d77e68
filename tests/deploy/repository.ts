import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface PackageManifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

export interface LockedPackage {
  readonly dev?: true;
  readonly optional?: true;
  readonly hasInstallScript?: true;
  readonly os?: unknown;
  readonly cpu?: unknown;
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function packageManifest(): PackageManifest {
  return JSON.parse(readText('package.json')) as PackageManifest;
}

/** The packages of the lockfile, by the folder each is installed in (`node_modules/ws`). */
export function lockedPackages(): [folder: string, locked: LockedPackage][] {
  const { packages } = JSON.parse(readText('package-lock.json')) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages).filter(([folder]) => folder !== '');
}

/** Paths of the working tree, without what is installed or belongs to git. */
export function workingTree(): string[] {
  return readdirSync(ROOT, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== '.git')
    .flatMap((entry) => (entry.isDirectory() ? filesIn(entry.name) : [entry.name]));
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}
