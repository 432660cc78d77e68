import { expect, test } from 'vitest';
import { dockerIgnore } from './ignore-file.ts';
import { isIgnored } from './project.ts';

test.each([
  '.env',
  '.git/config',
  '.gatehouse/last-good-schemas.json',
  '.npmrc',
  'node_modules/ws/index.js',
  'plugins/.env.local',
  'subgraphs/accounts/debug.log',
  'keys.json',
  'tests/deploy/project.ts',
])('%s of the working tree never reaches a build', (path) => {
  expect(isIgnored(path)).toBe(true);
});

test.each([
  ['*', 'a/b', true],
  ['*\n!a', 'a/b', false],
  ['*\n!a', 'c/a', true],
  ['!a\n*', 'a', true],
  ['*\n!a\n**/*.log', 'a/b/c.log', true],
  ['*\n!a\n**/.*', 'a/.b/c', true],
  ['a/b', 'a/b/c', true],
  ['a/b', 'b', false],
  ['# a', 'a', false],
])('the ignore file %j leaves out %s: %s, as Docker reads it', (text, path, expected) => {
  expect(dockerIgnore(text)(path)).toBe(expected);
});
