import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEntry, hitAt, keptUntil, type Lifetime } from '../../../plugins/caching/store/entry.ts';

const ms = fc.integer({ min: 0, max: 100_000 });
const lifetimes = fc.record({
  ttlMs: ms.map((some) => some + 1),
  staleWhileRevalidateMs: ms,
  staleIfErrorMs: ms,
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const NOW = 5000;
const make = (lifetime: Lifetime, chance: number) => createEntry(Buffer.from('x'), [], lifetime, NOW, chance);

describe('an entry', () => {
  it('is fresh for its time to live or up to a tenth shorter, never longer', () => {
    fc.assert(
      fc.property(lifetimes, random, (lifetime, chance) => {
        const span = make(lifetime, chance).freshUntil - NOW;
        expect(span).toBeLessThanOrEqual(lifetime.ttlMs);
        expect(span).toBeGreaterThanOrEqual(Math.max(1, lifetime.ttlMs * 0.9));
      }),
    );
  });

  it('is fresh, then stale, then expired, then gone, each within its window', () => {
    fc.assert(
      fc.property(lifetimes, random, fc.integer({ min: 0, max: 300_000 }), (lifetime, chance, age) => {
        const entry = make(lifetime, chance);
        const over = age - (entry.freshUntil - NOW);
        const hit = hitAt(entry, NOW + age, 'l1');
        if (over < 0) expect(hit).toMatchObject({ state: 'fresh', ageMs: age, freshForMs: -over });
        else if (over < lifetime.staleWhileRevalidateMs)
          expect(hit).toMatchObject({ state: 'stale', ageMs: age, freshForMs: 0 });
        else if (over < lifetime.staleIfErrorMs)
          expect(hit).toMatchObject({ state: 'expired', ageMs: age, freshForMs: 0 });
        else expect(hit).toBeUndefined();
        expect(hit !== undefined).toBe(NOW + age < keptUntil(entry));
      }),
    );
  });

  it('has no windows that nobody has asked for', () => {
    const entry = make({ ttlMs: 100 }, 0);
    expect(hitAt(entry, NOW + 99, 'l1')).toMatchObject({ state: 'fresh' });
    expect(hitAt(entry, NOW + 100, 'l1')).toBeUndefined();
  });
});
