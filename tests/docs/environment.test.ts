import { expect, test } from 'vitest';
import { variablesIn, variablesRead, variablesTold } from './environment.ts';

/** Read by Hive Gateway and its CLI, or by OpenTelemetry's exporters. */
const READ_BY_OTHERS = /read by (?:the CLI|Hive Gateway)|OpenTelemetry's own/;
/** Decides the toss of `@override` by percentage, for tests. */
const NOT_FOR_OPERATORS = new Set(['PROGRESSIVE_OVERRIDE_RNG']);

const READ = variablesRead();
const TOLD = variablesTold();

test('every variable of the environment that is read stands in docs/configuration.md', () => {
  const missing = [...READ].filter(
    (name) => !TOLD.has(name) && !NOT_FOR_OPERATORS.has(name) && !name.startsWith('OTEL_'),
  );
  expect(missing).toEqual([]);
});

test('every variable of docs/configuration.md is read', () => {
  const told = [...TOLD];
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter(([name, what]) => !READ.has(name) && !READ_BY_OTHERS.test(what)).map(([name]) => name)).toEqual(
    [],
  );
});

test.each([
  ['env.REDIS_URL', ['REDIS_URL']],
  ["process.env['PORT']", ['PORT']],
  ["const { PORT = '4000', HOST } = process.env;", ['PORT', 'HOST']],
  ['function from({ OPA_URL: url }: NodeJS.ProcessEnv)', ['OPA_URL']],
  ['const { other } = options;', []],
])('reads of %s: %s', (code, names) => {
  expect(variablesIn(code)).toEqual(names);
});
