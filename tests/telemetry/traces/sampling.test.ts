import { expect, test } from 'vitest';
import { sampler } from '../../../plugins/telemetry/traces/sampling.ts';

const parent = (isSampled: boolean) => ({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), isSampled });
const ended = { duration: 10, hasFailed: false };

test('the client decides where it says so, and the ratio where it does not', () => {
  const { head } = sampler({ ratio: 0.25 }, () => 0.3);
  expect(head(parent(true))).toBe('head');
  expect(head(parent(false))).toBe('tail');
  expect(head(undefined)).toBe('tail');
  expect(sampler({ ratio: 0.25 }, () => 0.2).head(undefined)).toBe('head');
});

test('a client that nobody trusts decides nothing', () => {
  expect(sampler({ ratio: 0, parent: 'ignore' }).head(parent(true))).toBe('tail');
  expect(sampler({ ratio: 1, parent: 'ignore' }).head(parent(false))).toBe('head');
});

test('what failed, or was slow, is kept; what ended well is not', () => {
  const { keeps } = sampler({ slowerThan: 100 });
  expect(keeps(ended)).toBe(false);
  expect(keeps({ ...ended, hasFailed: true })).toBe(true);
  expect(keeps({ ...ended, duration: 101 })).toBe(true);
});

test('when all fails, no more than some in a second are kept', () => {
  const { keeps } = sampler({});
  const kept = Array.from({ length: 10_000 }, () => keeps({ ...ended, hasFailed: true })).filter(Boolean).length;
  expect(kept).toBeGreaterThanOrEqual(20);
  // The second may have ended meanwhile.
  expect(kept).toBeLessThanOrEqual(40);
});

test('nothing is recorded where nothing could be kept', () => {
  const { head } = sampler({ ratio: 0, errors: false, slowerThan: Infinity });
  expect(head(undefined)).toBe('none');
});

test.each([
  [{ ratio: 1.5 }, 'ratio is 1.5; it takes a number from 0 to 1'],
  [{ ratio: Number.NaN }, 'ratio is NaN'],
  [{ slowerThan: 0 }, 'slowerThan is 0; it takes ms above 0'],
  [{ parent: 'maybe' as 'follow' }, 'parent is "maybe"; it takes "follow" or "ignore"'],
])('the wrong option %j is told by its name', (options, message) => {
  expect(() => sampler(options)).toThrow(message);
});
