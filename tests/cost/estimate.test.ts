import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { operationProfiles } from '../../plugins/operation/index.ts';
import { ESTIMATES } from './cases/estimates.ts';
import { LISTS, PLAIN } from './cases/schemas.ts';

const { profileOf } = operationProfiles();

describe.each(Object.entries(ESTIMATES))('%s', (_title, { schema, cases }) => {
  const named = cases.map(([promise, text, total, variables = {}]) => ({ promise, text, total, variables }));

  test.each(named)('$promise', ({ text, total, variables }) => {
    const document = parse(text);
    expect(validate(schema, document)).toEqual([]);

    const estimate = profileOf(schema, document, undefined)?.cost.estimate(variables);

    expect(estimate).toEqual({ total, bySubgraph: new Map() });
  });
});

test.each([
  [0, 0],
  [1, 2],
  [3, 12],
])('lists of unknown size have the size that is set: %i', (defaultListSize, cost) => {
  const profiles = operationProfiles({ defaultListSize });

  const profile = profiles.profileOf(PLAIN, parse('{ users { friends { name } } }'), undefined);

  expect(profile?.cost.estimate({}).total).toBe(cost);
});

test.each([-1, 1.5, Number.NaN, Infinity])('a size that is no size is refused: %s', (defaultListSize) => {
  expect(() => operationProfiles({ defaultListSize })).toThrow(/defaultListSize/);
});

test('an operation is estimated anew for other variables', () => {
  const document = parse(
    'query ($n: Int, $v: Boolean = true) { sliced(first: $n) { id sub @include(if: $v) { id } } }',
  );
  const cost = profileOf(LISTS, document, undefined)?.cost;
  const totals = [{ n: 1 }, { n: 2, v: false }, { n: 3 }, { n: 1 }, { n: 1, v: false }, {}];

  expect(totals.map((variables) => cost?.estimate(variables).total)).toEqual([2, 2, 6, 2, 1, 20]);
});
