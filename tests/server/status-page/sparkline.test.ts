import fc from 'fast-check';
import { expect, test } from 'vitest';
import { markupOf } from '../../../plugins/server/status-page/html.ts';
import { sparkline, type Series } from '../../../plugins/server/status-page/sparkline.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);

type Point = readonly [x: number, y: number];

function linesOf(values: Series, most?: number): readonly (readonly Point[])[] {
  const markup = markupOf(sparkline(values, 'a label', most));
  return [...markup.matchAll(/points="([^"]*)"/g)].map(([, points = '']) =>
    points.split(' ').map((point): Point => {
      const [x = NaN, y = NaN] = point.split(',').map(Number);
      return [x, y];
    }),
  );
}

test('the line goes from left to right within its box, the higher the more, with a gap where there is nothing', () => {
  const value = fc.option(fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e300, noNaN: true })), { nil: undefined });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 130 }), (values) => {
      const lines = linesOf(values);
      const isThere = values.map((one) => one !== undefined);
      const runs = isThere.filter((there, index) => there && !isThere[index - 1]).length;
      expect(lines).toHaveLength(runs);
      const points = lines.flatMap((line) =>
        line.length === 2 && String(line[0]) === String(line[1]) ? line.slice(1) : line,
      );
      const known = values.filter((one) => one !== undefined);
      expect(points).toHaveLength(known.length);
      for (const [index, [x, y]] of points.entries()) {
        expect(x).toBeGreaterThanOrEqual(points[index - 1]?.[0] ?? 0);
        expect(x).toBeLessThanOrEqual(120);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(24);
        // On screen, up is less.
        const [before, beforeY] = [known[index - 1], points[index - 1]?.[1]];
        if (before !== undefined && beforeY !== undefined && (known[index] ?? 0) > before)
          expect(y).toBeLessThanOrEqual(beforeY);
      }
    }),
    { numRuns: RUNS },
  );
});

test('it is as high as the largest value, or as what is the most', () => {
  expect(linesOf([0, 5, 10])).toEqual([
    [
      [2, 22],
      [60, 12],
      [118, 2],
    ],
  ]);
  expect(linesOf([0, 0.5], 1)).toEqual([
    [
      [2, 22],
      [118, 12],
    ],
  ]);
  expect(linesOf([0, 0])).toEqual([
    [
      [2, 22],
      [118, 22],
    ],
  ]);
  expect(linesOf([NaN, 1, Infinity])).toEqual([
    [
      [60, 2],
      [60, 2],
    ],
  ]);
  expect(linesOf([])).toEqual([]);
});

test('its label is there for those who do not see it, as text', () => {
  expect(markupOf(sparkline([1], '<b>"x"'))).toContain('role="img" aria-label="&lt;b&gt;&quot;x&quot;"');
});
