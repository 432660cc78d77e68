import { expect, test } from 'vitest';
import { reloadHistory } from '../../plugins/composition/reload-history.ts';
import type { SchemaChange } from '../../plugins/composition/schema-changes.ts';

const change = (message: string): SchemaChange => ({ level: 'safe', message, coordinate: 'Item.name' });

test('the last five reloads are kept, the newest first', () => {
  const history = reloadHistory();
  for (let version = 1; version <= 7; version++)
    history.add(`v${version}`, '2026-01-01T00:00:00.000Z', [change('new')]);
  expect(history.list().map(({ version }) => version)).toEqual(['v7', 'v6', 'v5', 'v4', 'v3']);
  expect(history.list()[0]).toEqual({
    version: 'v7',
    composedAt: '2026-01-01T00:00:00.000Z',
    changes: [change('new')],
    omitted: 0,
  });
});

test('of many changes the first are kept, and the number of the others; of a long one its beginning', () => {
  const history = reloadHistory();
  const changes = Array.from({ length: 80 }, (_, index) => change(`${index} ${'x'.repeat(1_000)}`));
  history.add('v1', '2026-01-01T00:00:00.000Z', changes);
  const [reload] = history.list();
  expect([reload?.changes.length, reload?.omitted]).toEqual([50, 30]);
  expect(reload?.changes[0]?.message).toBe(`0 ${'x'.repeat(298)}…`);
});
