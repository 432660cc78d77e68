import fc from 'fast-check';
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { listItems } from '../../plugins/limits/static/list-items.ts';

test('the longest list counts, in the document or the variables, however deep', () => {
  const document = parse('{ a(ids: [1, 2, 3], filter: { tags: ["a", "b", "c", "d"] }) b(ids: $ids) }');
  expect(listItems(document, {})).toBe(4);
  expect(listItems(document, { ids: [1, 2, 3, 4, 5] })).toBe(5);
  expect(listItems(document, { input: { all: [{ of: [1, 2] }, { of: Array.from({ length: 9 }) }] } })).toBe(9);
});

test('lists are as long as they are, whatever JSON they stand in', () => {
  const longest = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 0;
    const within = Object.values(value).map(longest);
    return Math.max(0, Array.isArray(value) ? value.length : 0, ...within);
  };
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (variables) => {
      expect(listItems(parse('{ a }'), variables)).toBe(longest(variables));
    }),
  );
});

test('variables of more values than anyone sends are too much without being read to the end', () => {
  const rows = Array.from({ length: 200_000 }, () => [] as unknown[]);
  expect(listItems(parse('{ a }'), { rows })).toBe(Infinity);
});
