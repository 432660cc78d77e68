import fc from 'fast-check';
import { parse, print, validate, type GraphQLSchema } from 'graphql';
import { expect, test } from 'vitest';
import { hashOfVariables, operationProfiles } from '../../plugins/operation/index.ts';
import { answer } from './generated/answers.ts';
import { CHANGES } from './generated/changes.ts';
import { generatedRequest } from './generated/operation.ts';
import { randomOf } from './generated/random.ts';
import { operationIn, type Request } from './generated/request.ts';
import { SAME_SELECTIONS } from './generated/same-selections.ts';
import { SAME_VALUES } from './generated/same-values.ts';
import { generatedSchema } from './generated/schema.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);
const SCHEMAS = 24;

const { profileOf } = operationProfiles();
const schemas = Array.from({ length: SCHEMAS }, (_, seed) => generatedSchema(seed));
const schemaOf = fc.integer({ min: 0, max: SCHEMAS - 1 }).map((index) => schemas[index] ?? generatedSchema(index));
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const sizes = fc.integer({ min: 1, max: 4 });
const same = { ...SAME_SELECTIONS, ...SAME_VALUES };

function answerTo(schema: GraphQLSchema, { document, variables }: Request): string {
  return answer(schema, document, variables, operationIn(document).name?.value);
}

function profileFor(schema: GraphQLSchema, { document }: Request) {
  return profileOf(schema, document, operationIn(document).name?.value);
}

/** The hash with the canonical variables; undefined for what has none. */
function meaningOf(schema: GraphQLSchema, request: Request): string | undefined {
  const normal = profileFor(schema, request)?.normalForm;
  const variables = normal?.canonicalVariables(request.variables);
  return normal && variables && `${normal.hash} ${hashOfVariables(variables)}`;
}

function shown({ document, variables }: Request): string {
  return `${print(document)}\n${JSON.stringify(variables)}`;
}

test('the normal form, given the canonical variables, is answered as the operation is, keys in the same order', () => {
  let without = 0;
  fc.assert(
    fc.property(schemaOf, seeds, sizes, (schema, seed, size) => {
      const request = generatedRequest(schema, seed, size);
      const normal = profileFor(schema, request)?.normalForm;
      if (!normal) without++;
      const variables = normal?.canonicalVariables(request.variables);
      if (!normal || !variables) return;

      const answered = answer(schema, normal.text, JSON.parse(JSON.stringify(variables)) as Record<string, unknown>);

      expect(answered, `${shown(request)}\n${normal.text}`).toBe(answerTo(schema, request));
    }),
    { numRuns: RUNS },
  );
  expect(without).toBeLessThan(RUNS / 10);
});

test('an operation written in another way has the same hash and the same canonical variables', () => {
  fc.assert(
    fc.property(
      schemaOf,
      seeds,
      sizes,
      fc.shuffledSubarray(Object.entries(same), { minLength: 1, maxLength: 4 }),
      (schema, seed, size, edits) => {
        const request = generatedRequest(schema, seed, size);
        const random = randomOf(seed + 1);
        const edited = edits.reduce((before, [, edit]) => edit(before, schema, random), request);
        const told = `${edits.map(([name]) => name).join(', ')}\n${shown(request)}\n${shown(edited)}`;
        expect(validate(schema, edited.document), told).toEqual([]);
        expect(answerTo(schema, edited), told).toBe(answerTo(schema, request));

        expect(meaningOf(schema, edited), told).toBe(meaningOf(schema, request));
      },
    ),
    { numRuns: RUNS },
  );
});

test('no two operations of different meaning have the same hash and the same canonical variables', () => {
  let [alike, different] = [0, 0];
  fc.assert(
    fc.property(
      schemaOf,
      seeds,
      sizes,
      fc.array(fc.constantFrom(...Object.values(CHANGES)), { minLength: 1, maxLength: 2 }),
      (schema, seed, size, changes) => {
        const request = generatedRequest(schema, seed, size);
        const random = randomOf(seed + 1);
        const changed = changes.reduce((before, change) => change(before, schema, random), request);
        const document = parse(print(changed.document), { noLocation: true });
        if (validate(schema, document).length > 0) return;
        for (const variables of [
          changed.variables,
          { ...changed.variables, p: random.chance(0.5), q: true, r: false },
        ]) {
          const meaning = meaningOf(schema, { document, variables });
          if (meaning === undefined) continue;
          const isSame = meaning === meaningOf(schema, request);
          const isAnsweredSame = answerTo(schema, { document, variables }) === answerTo(schema, request);
          if (isAnsweredSame) alike++;
          else different++;

          expect(isSame && !isAnsweredSame, `${shown(request)}\n${shown({ document, variables })}`).toBe(false);
        }
      },
    ),
    { numRuns: RUNS * 2 },
  );
  expect(different).toBeGreaterThan(RUNS / 4);
  expect(alike).toBeGreaterThan(RUNS / 10);
});
