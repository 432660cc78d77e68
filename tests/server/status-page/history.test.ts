import { expect, test } from 'vitest';
import {
  hitsOf,
  mostFrequent,
  perSecond,
  sampleOf,
  share,
  statusHistory,
  type Sample,
} from '../../../plugins/server/status-page/history.ts';

const sample = (at: number, operations: number, failed = 0): Sample => ({
  at,
  telemetry: { operations, failed, byCode: {} },
  cache: undefined,
  subscriptions: undefined,
});
const failures = ({ telemetry }: Sample) => telemetry && { of: telemetry.failed, all: telemetry.operations };

test('ten minutes are kept, and no more', () => {
  const history = statusHistory();
  for (let at = 0; at < 500; at++) history.add(sample(at, at));
  const kept = history.samples();
  expect([kept.length, kept[0]?.at, kept.at(-1)?.at]).toEqual([121, 379, 499]);
});

test('totals become rates between two samples', () => {
  const samples = [
    sample(0, 10),
    sample(5_000, 60),
    sample(15_000, 60),
    { ...sample(20_000, 0), telemetry: undefined },
  ];
  expect(perSecond(samples, ({ telemetry }) => telemetry?.operations)).toEqual([10, 0, undefined]);
  expect(perSecond([sample(0, 10)], ({ telemetry }) => telemetry?.operations)).toEqual([]);
});

test('and shares, where there was anything', () => {
  const samples = [sample(0, 10, 1), sample(1, 20, 6), sample(2, 20, 6), sample(3, 30, 6)];
  expect(share(samples, failures)).toEqual([0.5, undefined, 0]);
});

test('a sample stays as it was when the part counts on, and has only the codes that there are most of', () => {
  const counts = { hit: 1, miss: 0, stale: 0, bypass: 0 };
  const cache = {
    l1: { entries: 0, bytes: 0, maxBytes: 1 },
    l2: 'off',
    undelivered: 0,
    requests: { l1: counts, l2: counts, entity: counts },
  };
  const byCode = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`CODE_${index}`, index]));
  const taken = sampleOf({ cache, telemetry: { operations: 1, failed: 1, byCode } }, 7);
  counts.hit++;
  expect(taken.cache?.l1.hit).toBe(1);
  expect(Object.keys(taken.telemetry?.byCode ?? {})).toEqual(
    Array.from({ length: 8 }, (_, index) => `CODE_${999 - index}`),
  );
  expect(mostFrequent({ a: 1, b: 3, c: 2 })).toEqual([
    ['b', 3],
    ['c', 2],
    ['a', 1],
  ]);
});

test('L1 is asked for every response, L2 for what L1 does not have', () => {
  const requests = {
    l1: { hit: 60, stale: 10, miss: 0, bypass: 5 },
    l2: { hit: 10, stale: 0, miss: 20, bypass: 5 },
    entity: { hit: 1, stale: 1, miss: 2, bypass: 5 },
  };
  expect(hitsOf(requests, 'l1')).toEqual({ of: 70, all: 100 });
  expect(hitsOf(requests, 'l2')).toEqual({ of: 10, all: 30 });
  expect(hitsOf(requests, 'entity')).toEqual({ of: 2, all: 4 });
});
