import fc from 'fast-check';
import { getNamedType, isLeafType, parse, print, validate, type GraphQLNamedType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PolicyEngine, Resource } from '../../plugins/authorization/index.ts';
import {
  answerAsOne,
  guardedFederation,
  valueAt,
  type GuardedFederation,
  type Numbered,
} from './cases/guarded-federation.ts';
import { operations } from './cases/operations.ts';
import { principals } from './cases/principals.ts';
import { deniedNodes, directiveHolds, directivesByCoordinate } from './cases/reference.ts';
import { expectSameAnswer } from './cases/same-answer.ts';

/** 10,000 and more by command. */
const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 400);
const DEPTH = 3;

/** Of another subgraph, of another object, of one that may be null, and what few callers may see themselves. */
const NEEDS = {
  payroll: 'level boss { id room { number } }',
  notes: 'author { id } at: __typename',
  diary: 'id page',
  secrets: 'keeper { level }',
};
type OnData = keyof typeof NEEDS;

/** What the policies say of what they are given. */
const RULES: Record<OnData, (resource: Resource) => boolean> = {
  payroll: ({ level, boss }) => boss !== null && (Number(level) + Number(at(boss, 'id'))) % 2 === 0,
  notes: ({ author, at: type }) => type === 'Note' && author !== null && Number(at(author, 'id')) % 2 === 0,
  diary: ({ id, page }) => Number(id) === page && Number(id) % 3 > 0,
  secrets: ({ keeper }) => keeper === null || Number(at(keeper, 'level')) % 2 === 0,
};

const at = (object: unknown, key: string): unknown => (object as Record<string, unknown>)[key];
const isOnData = (policy: string): policy is OnData => policy in NEEDS;
const isEven = ({ n = 1 }: { n?: number }): boolean => n % 2 === 0;

let calls = 0;
const engine: PolicyEngine = {
  name: 'test',
  decide(questions) {
    if (questions.some(({ resource }) => resource)) calls++;
    const allows = ({ policy, principal, args, resource }: (typeof questions)[number]): boolean => {
      if (!isOnData(policy)) return policy === 'even' ? isEven(args) : principal.roles.includes(policy);
      if (!resource) throw new Error(`${policy} was asked without what it needs`);
      return RULES[policy](resource);
    };
    return questions.map((question) => ({ outcome: allows(question) ? 'allow' : 'deny' }));
  },
};

let federation: GuardedFederation;
beforeAll(async () => {
  federation = await guardedFederation({ policies: [{ engine, needs: NEEDS }] });
});
afterAll(() => federation[Symbol.dispose]());

/** The same from the objects themselves. */
const TRUTH: Record<OnData, (object: Numbered) => boolean> = {
  payroll: (user) => isAnd(user, 'boss', ({ number }) => (user.number + number) % 2 === 0),
  notes: (note) => isAnd(note, 'author', ({ number }) => number % 2 === 0),
  diary: ({ number }) => number % 3 > 0,
  secrets: (diary) => !isAnd(diary, 'keeper', ({ number }) => number % 2 !== 0),
};

function isAnd(object: Numbered, field: string, holds: (value: Numbered) => boolean): boolean {
  const value = valueAt(federation.publicSchema, object, field) as Numbered | null;
  return value !== null && holds(value);
}

test('policies on data show just the fields and objects of which the data says so, by whatever way they are reached', async () => {
  const { publicSchema: schema, supergraphSdl } = federation;
  const directives = directivesByCoordinate(supergraphSdl);
  let asked = 0;
  let decidedOnData = 0;
  await fc.assert(
    fc.asyncProperty(
      operations(schema, DEPTH),
      principals(['audit']),
      fc.constantFrom({}, { n: 3 }, { n: 6, yes: false }, { no: true }),
      async (text, principal, variables) => {
        const document = parse(text);
        if (validate(schema, document).length > 0) return;
        const allows = (policy: string, args: { n?: number }): boolean =>
          policy === 'even' ? isEven(args) : principal.roles.includes(policy);
        const denied = deniedNodes(
          supergraphSdl,
          schema,
          document,
          variables,
          principal,
          (policy, args) => isOnData(policy) || allows(policy, args),
        );
        const isKept = (coordinates: readonly string[], object: Numbered): boolean =>
          coordinates
            .flatMap((coordinate) => directives.get(coordinate) ?? [])
            .filter((directive) => Object.keys(NEEDS).some((policy) => print(directive).includes(`"${policy}"`)))
            .some(
              (directive) =>
                !directiveHolds(directive, principal, (policy) =>
                  // No field with arguments is guarded by a policy on data.
                  isOnData(policy) ? TRUTH[policy](object) : allows(policy, {}),
                ),
            );

        calls = 0;
        const answer = await federation.ask(document, variables, principal);
        expect(calls, 'calls of the engine for one response').toBeLessThan(2);
        if (calls > 0) decidedOnData++;
        const reference = answerAsOne(
          schema,
          document,
          variables,
          ({ fieldNodes, fieldName, returnType }, source) => {
            const given: GraphQLNamedType = getNamedType(returnType);
            const leaf = isLeafType(given) ? [given.name] : [];
            return (
              fieldNodes.every((node) => denied.has(node)) ||
              isKept([`${source.__typename}.${fieldName}`, ...leaf], source)
            );
          },
          (object) => isKept([object.__typename], object),
        );
        expectSameAnswer(answer, reference, `${text}\n${answer.sent.join('\n')}`);
        asked++;
      },
    ),
    { numRuns: RUNS },
  );
  expect(asked).toBeGreaterThan(RUNS / 4);
  expect(decidedOnData).toBeGreaterThan(RUNS / 8);
});
