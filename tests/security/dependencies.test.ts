import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly optionalDependencies: Versions;
}

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly integrity?: string;
}

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = (JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> })
  .packages;
const page = read('docs/dependencies.md');

const sections = [
  ['Of the gateway', manifest.dependencies],
  ['Of development', manifest.devDependencies],
  ['Optional', manifest.optionalDependencies],
] as const;
const installed = Object.entries(lock).filter(([path]) => path.startsWith('node_modules/'));

/** By the Open Source Initiative, and for data Creative Commons. */
const OPEN = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'Python-2.0',
  'MPL-2.0',
  'CC0-1.0',
  'CC-BY-4.0',
  '(MPL-2.0 OR Apache-2.0)',
  '(MIT AND Zlib)',
]);
/** What their manifests do not say, or not in the words of SPDX; see the page. */
const BY_HAND: Versions = { 'node_modules/ansi-color': 'BSD-3-Clause', 'node_modules/process': 'MIT' };

const licenceOf = (path: string): string => BY_HAND[path] ?? lock[path]?.license ?? ofManifest(path);

function ofManifest(path: string): string {
  const file = new URL(`${path}/package.json`, ROOT);
  if (!existsSync(file)) return 'not told';
  // Old manifests have a list of them.
  type Told = { readonly license?: string; readonly licenses?: readonly { readonly type: string }[] };
  const { license, licenses = [] } = JSON.parse(readFileSync(file, 'utf8')) as Told;
  return license ?? licenses[0]?.type ?? 'not told';
}

/** `npm:name@version` is a package under another name. */
const versionIn = (version: string): string => version.slice(version.lastIndexOf('@') + 1);

test('every version is exact, and what is installed is what the lock has a hash of', () => {
  for (const [, versions] of sections) {
    for (const [name, version] of Object.entries(versions)) {
      expect([name, versionIn(version)]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/)]);
      expect(lock[`node_modules/${name}`]?.version).toBe(versionIn(version));
    }
  }
  expect(installed.length).toBeGreaterThan(500);
  expect(installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
});

describe('docs/dependencies.md has each package with its version, licence and purpose, and no other:', () => {
  test.each(sections)('%s', (title, versions) => {
    const section = page.slice(page.indexOf(`\n## ${title}\n`)).split('\n## ')[1] ?? '';
    const rows = [...section.matchAll(/^\| `(.+)` \| (.+) \| (.+) \| (\d{4}-\d\d-\d\d) \| (.{5,}) \|$/gm)];
    const told = rows.map(([, name, version, licence]) => [name, version, licence]);
    const expected = Object.entries(versions).map(([name, version]) => [
      name,
      versionIn(version),
      licenceOf(`node_modules/${name}`),
    ]);
    expect(told.toSorted()).toEqual(expected.toSorted());
    const since = (date = ''): number => Date.parse('2026-11-23') - Date.parse(date);
    expect(rows.filter(([, , , , date]) => since(date) > 2 * 365 * 86_400_000).map(([, name]) => name)).toEqual([]);
  });
});

test('everything that is installed, for whatever reason, has an open licence', () => {
  expect(installed.map(([path]) => [path, licenceOf(path)]).filter(([, licence]) => !OPEN.has(licence ?? ''))).toEqual(
    [],
  );
});

test('the page counts the licences of what comes with the gateway', () => {
  const counts = new Map<string, number>();
  for (const [path, { dev, devOptional, license }] of installed) {
    if (dev || devOptional) continue;
    const licence = license ?? licenceOf(path);
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
  }
  const table = page.slice(page.indexOf('| licence | packages |'));
  const told = [...table.matchAll(/^\| (.+) \| (\d+) \|$/gm)].map(([, licence, count]) => [licence, Number(count)]);
  expect(told.toSorted()).toEqual([...counts].toSorted());
});
