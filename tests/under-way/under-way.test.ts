import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { thingsUnderWay } from '../../plugins/under-way.ts';

const SCRIPT = new URL('what-is-kept.ts', import.meta.url).pathname;

async function megabytesKeptBy(way: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', SCRIPT, way]);
  return Number(stdout);
}

test.each(['things under way', 'flights'])(
  'what has ended goes with the next collection of young objects: %s',
  async (way) => {
    expect(await megabytesKeptBy(way)).toBeLessThan(3);
  },
);

test('a set keeps it, for which there are things under way', async () => {
  expect(await megabytesKeptBy('set')).toBeGreaterThan(6);
});

test('things are under way until they have ended, and end once', () => {
  const things = thingsUnderWay<string>();
  const endOne = things.add('one');
  const endOther = things.add('other');
  expect([...things.all()]).toEqual(['one', 'other']);
  endOne();
  endOne();
  expect([[...things.all()], things.size]).toEqual([['other'], 1]);
  endOther();
  expect(things.size).toBe(0);
});
