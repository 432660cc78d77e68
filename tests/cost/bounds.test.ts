import fc from 'fast-check';
import { print, type GraphQLSchema } from 'graphql';
import { expect, test } from 'vitest';
import { operationProfiles, type Cost } from '../../plugins/operation/index.ts';
import { generatedRequest } from '../operation/generated/operation.ts';
import { randomOf } from '../operation/generated/random.ts';
import type { Request } from '../operation/generated/request.ts';
import { SAME_SELECTIONS } from '../operation/generated/same-selections.ts';
import { SAME_VALUES } from '../operation/generated/same-values.ts';
import { countedAnswer, DEFAULT_LIST_SIZE, isConcrete } from './generated/counted-answer.ts';
import { weighedSchema } from './generated/weighed-schema.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 400);
const SCHEMAS = 24;
const SUBGRAPHS = ['a', 'b', 'c'];

const { profileOf } = operationProfiles({
  defaultListSize: DEFAULT_LIST_SIZE,
  ownersOf: (coordinate) => SUBGRAPHS.filter((_name, index) => (coordinate.length + index) % 3 < 2),
});
const schemas = Array.from({ length: SCHEMAS }, (_, seed) => weighedSchema(seed));
const schemaOf = fc.integer({ min: 0, max: SCHEMAS - 1 }).map((index) => schemas[index] ?? weighedSchema(index));
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const sizes = fc.integer({ min: 1, max: 4 });

function costOf(schema: GraphQLSchema, { document }: Request) {
  const profile = profileOf(schema, document, undefined);
  if (!profile) throw new Error('no operation');
  return profile;
}

function shown({ document, variables }: Request): string {
  return `${print(document)}\n${JSON.stringify(variables)}`;
}

function isWithin(one: Cost, other: Cost): boolean {
  if (one.total > other.total) return false;
  return [...one.bySubgraph].every(([name, cost]) => cost <= (other.bySubgraph.get(name) ?? 0));
}

test('what an operation costs is at most what is estimated, in all and for each subgraph, and at least what was resolved', () => {
  let [exact, all] = [0, 0];
  fc.assert(
    fc.property(schemaOf, seeds, sizes, seeds, (schema, seed, size, dataSeed) => {
      const request = generatedRequest(schema, seed, size);
      const counted = countedAnswer(schema, request, dataSeed, false);
      const { cost } = costOf(schema, request);
      const estimate = cost.estimate(request.variables);

      const actual = cost.actual(counted.data, request.variables);

      const told = `${shown(request)}\n${JSON.stringify(counted.data)}`;
      expect(actual.total, told).toBeGreaterThanOrEqual(counted.cost);
      expect(isWithin(actual, estimate), told).toBe(true);
      for (const part of actual.bySubgraph.values()) expect(part, told).toBeLessThanOrEqual(actual.total);
      all++;
      if (actual.total === counted.cost) exact++;
    }),
    { numRuns: RUNS },
  );
  expect(exact / all).toBeGreaterThan(0.6);
});

test('without interfaces and unions it costs just what is estimated when lists are full, and just what was resolved', () => {
  let concrete = 0;
  fc.assert(
    fc.property(schemaOf, seeds, sizes, (schema, seed, size) => {
      const request = generatedRequest(schema, seed, size);
      const { cost, touched } = costOf(schema, request);
      if (!isConcrete(schema, touched.types)) return;
      concrete++;
      const counted = countedAnswer(schema, request, seed, true);

      const { total } = cost.estimate(request.variables);

      expect(total, shown(request)).toBe(counted.cost);
      expect(cost.actual(counted.data, request.variables).total, shown(request)).toBe(counted.cost);
    }),
    { numRuns: RUNS },
  );
  expect(concrete).toBeGreaterThan(RUNS / 10);
});

test('an operation written in another way, of the same normal form, costs the same', () => {
  const same = Object.entries({ ...SAME_SELECTIONS, ...SAME_VALUES });
  let compared = 0;
  fc.assert(
    fc.property(
      schemaOf,
      seeds,
      sizes,
      fc.shuffledSubarray(same, { minLength: 1, maxLength: 4 }),
      (schema, seed, size, edits) => {
        const request = generatedRequest(schema, seed, size);
        const random = randomOf(seed + 1);
        const edited = edits.reduce((before, [, edit]) => edit(before, schema, random), request);
        const [one, other] = [costOf(schema, request), costOf(schema, edited)];
        if (one.normalForm === undefined || one.normalForm.hash !== other.normalForm?.hash) return;
        compared++;

        const estimates = [one.cost.estimate(request.variables), other.cost.estimate(edited.variables)];

        expect(estimates[0], `${edits.map(([name]) => name).join(', ')}\n${shown(request)}\n${shown(edited)}`).toEqual(
          estimates[1],
        );
      },
    ),
    { numRuns: RUNS },
  );
  expect(compared).toBeGreaterThan(RUNS / 2);
});
