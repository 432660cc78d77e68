import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/security.md', ROOT), 'utf8');

/** The last cell of each row of "Threats and promises". */
const named = page
  .slice(page.indexOf('## Threats and promises'), page.indexOf('## What is left to the operator'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:threat|---)/.test(line))
  .flatMap((line) => (line.split(' | ').at(-1) ?? '').replaceAll(/[|*]/g, '').split(','))
  .map((name) => name.trim());

test('each promise of docs/security.md names tests that there are', () => {
  expect(named.length).toBeGreaterThan(30);
  const there = (name: string): boolean =>
    existsSync(new URL(`tests/${name}.test.ts`, ROOT)) || existsSync(new URL(`tests/${name}/`, ROOT));
  expect(named.filter((name) => !there(name))).toEqual([]);
});

test('each test of tests/security is there for a promise', () => {
  const tests = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.ts'));
  const unnamed = tests
    .map((name) => `security/${name.slice(0, -'.test.ts'.length)}`)
    .filter((name) => !named.includes(name));
  expect(unnamed).toEqual(['security/threat-model']);
});

test('each plugin that promises something is one', () => {
  const plugins = [...page.matchAll(/^\| [^|]+ \| [^|]+ \| ([^|]+) \| [^|]+ \|$/gm)]
    .flatMap(([, by = '']) => (by.split(':')[0] ?? '').match(/`([a-z-]+)`/g) ?? [])
    .map((name) => name.replaceAll('`', ''));
  expect(plugins.length).toBeGreaterThan(20);
  expect([...new Set(plugins)].filter((name) => !existsSync(new URL(`plugins/${name}/`, ROOT)))).toEqual([]);
});
