import fc from 'fast-check';
import { parse, validate, visit, type DocumentNode } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PolicyEngine } from '../../plugins/authorization/index.ts';
import type { Principal } from '../../plugins/request-context.ts';
import { answerAsOne, guardedFederation, type GuardedFederation } from './cases/guarded-federation.ts';
import { operations } from './cases/operations.ts';
import { principals } from './cases/principals.ts';
import { deniedNodes } from './cases/reference.ts';
import { expectSameAnswer } from './cases/same-answer.ts';

/** 10,000 and more by command. */
const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 400);
const DEPTH = 3;
const POLICIES = ['notes', 'audit', 'payroll', 'diary', 'secrets'];

/** The policy "even" goes by an argument, the others by a role of their name. */
function allows(principal: Principal, policy: string, args: { n?: number }): boolean {
  return policy === 'even' ? (args.n ?? 1) % 2 === 0 : principal.roles.includes(policy);
}

const engine: PolicyEngine = {
  name: 'test',
  decide: (questions) =>
    questions.map(({ policy, principal, args }) => ({ outcome: allows(principal, policy, args) ? 'allow' : 'deny' })),
};

let federation: GuardedFederation;
beforeAll(async () => {
  federation = await guardedFederation({ policies: [{ engine }] });
});
afterAll(() => federation[Symbol.dispose]());

/** Names of fields, of which each guarded one has its own. */
function fieldNames(document: DocumentNode, counts: (node: object) => boolean = () => true): Set<string> {
  const names = new Set<string>();
  visit(document, { Field: (node) => void (counts(node) && names.add(node.name.value)) });
  return names;
}

test('no way through the language leads to a field that is not allowed, and none that is allowed is lost', async () => {
  const { publicSchema: schema, supergraphSdl } = federation;
  let asked = 0;
  let withDenied = 0;
  await fc.assert(
    fc.asyncProperty(
      operations(schema, DEPTH),
      principals(POLICIES),
      fc.constantFrom({}, { n: 3 }, { n: 6, yes: false }, { no: true }),
      async (text, principal, variables) => {
        const document = parse(text);
        if (validate(schema, document).length > 0) return;
        const denied = deniedNodes(supergraphSdl, schema, document, variables, principal, (policy, args) =>
          allows(principal, policy, args),
        );
        const answer = await federation.ask(document, variables, principal);
        const reference = answerAsOne(schema, document, variables, ({ fieldNodes }) =>
          fieldNodes.every((node) => denied.has(node)),
        );

        expectSameAnswer(answer, reference, text);
        const allowed = fieldNames(document, (node) => !denied.has(node as never));
        const forbidden = [...fieldNames(document)].filter((name) => !allowed.has(name));
        // The planner needs the keys of entities for itself.
        const keys = new Set(['id', 'code']);
        const sent = new Set(answer.sent.flatMap((one) => [...fieldNames(parse(one))]));
        for (const name of forbidden)
          if (!keys.has(name)) expect(sent, `${text}\n${answer.sent.join('\n')}`).not.toContain(name);
        asked++;
        if (denied.size > 0) withDenied++;
      },
    ),
    { numRuns: RUNS },
  );
  expect(asked).toBeGreaterThan(RUNS / 4);
  expect(withDenied).toBeGreaterThan(RUNS / 8);
});
