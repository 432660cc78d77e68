import { describe, expect, test } from 'vitest';
import { imageOf } from './dockerfile.ts';
import { contextFiles, installCommand, installedFolders, installsDevelopment } from './image-contents.ts';
import { moduleGraph } from './module-graph.ts';
import { buildContext, stages } from './project.ts';
import { lockedPackages, packageManifest } from './repository.ts';

const { dependencies, devDependencies } = packageManifest();
const ofImage = (target: string) => imageOf(stages, target);
const install = (target: string) => installCommand(stages, ofImage(target));

test('every package that gateway.config.ts loads is in "dependencies", so that an install without the others will do', () => {
  const { packages } = moduleGraph(['gateway.config.ts']);
  expect([...packages.keys()]).toContain('@graphql-hive/router-query-planner');
  const missing = [...packages].filter(([name]) => !(name in dependencies));
  expect(missing.map(([name, file]) => `${name}, imported by ${file}`)).toEqual([]);
});

test.each(['gateway', 'subgraphs'])(
  'every package that a module in the image %s loads is installed there',
  (target) => {
    const installed = installsDevelopment(install(target)) ? { ...dependencies, ...devDependencies } : dependencies;
    const { packages } = moduleGraph([...contextFiles(ofImage(target), buildContext).values()]);
    const missing = [...packages].filter(([name]) => !(name in installed));
    expect(missing.map(([name, file]) => `${name}, imported by ${file}`)).toEqual([]);
  },
);

describe.each(['gateway', 'subgraphs'])('the packages of the image %s', (target) => {
  test('are those of the lockfile, without running their scripts', () => {
    expect(install(target).slice(0, 2)).toEqual(['npm', 'ci']);
    expect(install(target)).toContain('--ignore-scripts');
  });

  test('leave out the Node that the image has already', () => {
    expect(installedFolders(install(target)).filter((folder) => /^node_modules\/node-\w+-\w+$/.test(folder))).toEqual(
      [],
    );
  });
});

test('the gateway image has no package that only the development needs', () => {
  const folders = installedFolders(install('gateway'));
  expect(folders).toContain('node_modules/@graphql-hive/gateway');
  for (const name of Object.keys(devDependencies)) {
    const [, locked] = lockedPackages().find(([folder]) => folder === `node_modules/${name}`) ?? [];
    if (locked?.dev) expect(folders).not.toContain(`node_modules/${name}`);
  }
});

test('no package that the gateway needs has native code among the optional packages, which the image leaves out', () => {
  const native = lockedPackages().filter(
    ([, { dev, optional, os, cpu }]) => !dev && optional && (os !== undefined || cpu !== undefined),
  );
  const brought = Object.keys(packageManifest().optionalDependencies).map((name) => `node_modules/${name}`);
  expect(native.map(([folder]) => folder)).toEqual(brought);
});

test('no package that the gateway needs has an install script that does something', () => {
  const withScript = lockedPackages().filter(([, { dev, hasInstallScript }]) => !dev && hasInstallScript);
  // Theirs looks at the version range of the package that depends on them, and may print a warning.
  expect(withScript.map(([folder]) => folder)).toEqual(['node_modules/@apollo/protobufjs', 'node_modules/protobufjs']);
});
