import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AuditRecord } from '../../../plugins/audit/index.ts';
import { sameBut, type Changing } from '../../../plugins/audit/record/same-but.ts';
import { record } from '../some-record.ts';

const RUNS = Number(process.env['FAST_CHECK_RUNS'] ?? 300);

const text = fc.string({ unit: 'binary', maxLength: 20 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const changing: fc.Arbitrary<Changing> = fc.record({
  time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
  requestId: fc.uuid(),
  traceId: maybe(fc.stringMatching(/^[0-9a-f]{32}$/)),
  address: maybe(text),
  status: maybe(fc.constantFrom(200, 304)),
  duration: fc.integer({ min: 0, max: 1e6 }).map((hundredths) => hundredths / 100),
  bytes: maybe(fc.nat()),
});

const records: fc.Arbitrary<AuditRecord> = fc
  .record({
    principal: maybe(fc.record({ id: text, kind: text, method: text, clientId: maybe(text) })),
    operation: maybe(
      fc.record({
        name: maybe(text),
        kind: text,
        hash: maybe(text),
        document: maybe(text),
        sensitive: maybe(fc.array(text)),
      }),
    ),
    variables: maybe(fc.dictionary(text, text)),
    cost: maybe(fc.record({ estimated: fc.nat(), actual: maybe(fc.nat()) })),
    cache: maybe(fc.record({ outcome: text, tier: maybe(text) })),
    codes: fc.array(text),
    again: maybe(fc.constant(true as const)),
    batch: maybe(fc.nat()),
  })
  .map((own) => record(own as Partial<AuditRecord>));

test('a record of what was answered again is, to the letter, what would have been written of it as a whole', () => {
  fc.assert(
    fc.property(records, fc.array(changing, { minLength: 1, maxLength: 3 }), (like, all) => {
      const textOf = sameBut(like);
      for (const one of all) expect(textOf(one)).toBe(JSON.stringify({ ...like, ...one }));
    }),
    { numRuns: RUNS },
  );
});
