import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failureLimit } from '../../plugins/authentication/failure-limit.ts';

const AT_ONCE = 30;
/** ms after which a failure is forgiven, one after the other. */
const FORGIVEN_AFTER = 2_000;
const NOW = 1_800_000_000_000;

/** How many failures weigh on an address: as many as there were since any one of them, less those forgiven since then. */
function weight(failures: readonly number[], now: number): number {
  const sums = failures.map((at, index) => failures.length - index - (now - at) / FORGIVEN_AFTER);
  return Math.max(0, ...sums);
}

/** By trial: the first whole second from now at which one more failure is bearable. */
function waitBy(failures: readonly number[], now: number): number | undefined {
  let wait = 0;
  while (weight(failures, now + wait * 1_000) + 1 > AT_ONCE) wait++;
  return wait === 0 ? undefined : wait;
}

/** Times that a floating-point number holds exactly, so that the model and the limit may be compared to the last bit. */
const pauses = fc.array(
  fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 40 }).map((quarters) => quarters * 250),
  ),
  {
    minLength: 1,
    maxLength: 150,
  },
);

describe('an address with failures', () => {
  test('waits as long as a plain model says', () => {
    fc.assert(
      fc.property(pauses, (all) => {
        const limit = failureLimit();
        const failures: number[] = [];
        let now = NOW;
        for (const pause of all) {
          now += pause;
          expect(limit.waitOf('a', now)).toBe(waitBy(failures, now));
          limit.failed('a', now);
          failures.push(now);
        }
      }),
    );
  });

  test('may try again after the wait, once, and then waits for the next to be forgiven', () => {
    const limit = failureLimit();
    for (let count = 0; count < AT_ONCE; count++) {
      expect(limit.waitOf('a', NOW)).toBe(undefined);
      limit.failed('a', NOW);
    }
    expect(limit.waitOf('a', NOW)).toBe(2);
    expect(limit.waitOf('a', NOW + 1_999)).toBe(1);
    expect(limit.waitOf('a', NOW + 2_000)).toBe(undefined);
    limit.failed('a', NOW + 2_000);
    expect(limit.waitOf('a', NOW + 2_000)).toBe(2);
  });

  test('is not another', () => {
    const limit = failureLimit();
    for (let count = 0; count < AT_ONCE; count++) limit.failed('a', NOW);
    expect(limit.waitOf('b', NOW)).toBe(undefined);
  });

  test('gains nothing and loses nothing by a clock that is set back', () => {
    const limit = failureLimit();
    for (let count = 0; count < AT_ONCE; count++) limit.failed('a', NOW);
    expect(limit.waitOf('a', NOW - 3_600_000)).toBe(2);
  });
});
