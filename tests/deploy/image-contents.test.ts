import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { demoSubgraphs } from '../../subgraphs/index.ts';
import { imageOf } from './dockerfile.ts';
import { contextFiles } from './image-contents.ts';
import { moduleGraph } from './module-graph.ts';
import { buildContext, compose, stages } from './project.ts';

/** Files of the repository that are in an image, each at the same place below its folder. */
function repositoryFiles(target: string): string[] {
  const image = imageOf(stages, target);
  return [...contextFiles(image, buildContext)].map(([path, file]) => {
    expect(posix.relative(image.folder ?? '/', path)).toBe(file);
    return file;
  });
}

test('the gateway image has all that gateway.config.ts loads, at once or later', () => {
  const { files } = moduleGraph(['gateway.config.ts']);
  expect(files).toContain('plugins/composition/composition-worker.ts');
  expect(repositoryFiles('gateway')).toEqual(expect.arrayContaining([...files]));
});

describe.each(['gateway', 'subgraphs'])('in the image %s', (target) => {
  test('every module finds the files that it loads', () => {
    const files = repositoryFiles(target);
    expect(files).toEqual(expect.arrayContaining([...moduleGraph(files).files]));
  });

  test('package.json says that the modules are ES modules', () => {
    expect(repositoryFiles(target)).toContain('package.json');
  });

  test('there is nothing of the tests, the benchmarks or the history', () => {
    expect(repositoryFiles(target).filter((file) => /^(tests|bench|docs|\.)/.test(file))).toEqual([]);
  });
});

test('the gateway image has no demo subgraph', () => {
  expect(repositoryFiles('gateway').filter((file) => file.startsWith('subgraphs/'))).toEqual([]);
});

test.each(demoSubgraphs)('the module that the service $name runs is in the subgraphs image', ({ name }) => {
  const [program, module] = compose.services[name]?.command ?? [];
  expect(program).toBe('node');
  expect(repositoryFiles('subgraphs')).toContain(module);
});
