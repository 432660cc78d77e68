import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLedger } from '../../../plugins/caching/store/invalidation/ledger.ts';
import { EVERYTHING, namedTag } from '../../../plugins/caching/tags/tag.ts';

const TAGS = [namedTag('a'), namedTag('b'), EVERYTHING] as const;
const tags = fc.constantFrom(...TAGS);
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('record' as const), tag: tags, sequence: fc.nat(20) }),
    fc.record({ do: fc.constantFrom('record everything' as const, 'renumber' as const) }),
  ),
  { maxLength: 20 },
);

it('what was heard counts as a list of it would: everything missed for what began before, numbers until there are others', () => {
  fc.assert(
    fc.property(steps, tags, fc.nat(20), (made, asked, sequence) => {
      const ledger = createLedger();
      const positions = [ledger.position()];
      for (const step of made) {
        if (step.do === 'record') ledger.record([step.tag], step.sequence);
        else if (step.do === 'renumber') ledger.renumber();
        else ledger.recordEverything();
        positions.push(ledger.position());
      }
      const isOf = (step: (typeof made)[number]): boolean =>
        step.do !== 'record' || step.tag === asked || step.tag === EVERYTHING;
      for (const [at, position] of positions.entries()) {
        expect(ledger.concerns([asked], position)).toBe(made.slice(at).some(isOf));
      }
      const sinceNumbered = made.slice(made.findLastIndex((step) => step.do === 'renumber') + 1);
      const isLater = (step: (typeof made)[number]): boolean =>
        step.do === 'record' && isOf(step) && step.sequence > sequence;
      expect(ledger.isOvertaken([asked], sequence)).toBe(sinceNumbered.some(isLater));
    }),
  );
});

it('what began before so many invalidations that they are not all remembered counts as invalidated', () => {
  const ledger = createLedger();
  const before = ledger.position();
  for (let i = 0; i < 10_001; i++) ledger.record([namedTag(`${i}`)], i);
  expect(ledger.concerns([namedTag('another')], before)).toBe(true);
  expect(ledger.concerns([namedTag('another')], ledger.position() - 100)).toBe(false);
});
