import { expect, test } from 'vitest';
import { policyDecisions, type PolicyRoute } from '../../plugins/authorization/policy-decisions.ts';
import type { PolicyDecision, PolicyQuestion } from '../../plugins/authorization/policy-engine.ts';
import { ALICE, question } from './engines/questions.ts';

/** Decides, and keeps what it was asked. */
function route(decide: (asked: PolicyQuestion) => PolicyDecision, ttl: number = 60_000) {
  const asked: PolicyQuestion[] = [];
  const made: PolicyRoute = {
    engine: {
      name: 'test',
      decide(questions) {
        asked.push(...questions);
        return questions.map(decide);
      },
    },
    ttl,
  };
  return { route: made, asked };
}

const { request } = question();

test.each<[string, Partial<PolicyQuestion>]>([
  ['another policy', { policy: 'other' }],
  ['another kind of operation', { action: { kind: 'mutation', coordinate: 'Query.user' } }],
  ['another field', { action: { kind: 'query', coordinate: 'Query.users' } }],
  ['other arguments', { args: { id: 'bob' } }],
  ['other data of the object', { resource: { owner: 'bob' } }],
  ['another caller', { principal: { ...ALICE, claims: { sub: 'bob' } } }],
  ['another operation', { request: { ...request, operationName: 'Others' } }],
  ['another address', { request: { ...request, address: '192.0.2.8' } }],
])('what was decided for one question is not taken for one with %s', async (_, other) => {
  const first = question({ resource: { owner: 'alice' }, args: { id: 'alice' } });
  const second = { ...first, ...other };
  const { route: only, asked } = route((one) => ({ outcome: one === first ? 'allow' : 'deny' }));
  const decide = policyDecisions([only], () => {});
  expect((await decide([first])).allowed).toEqual([true]);
  expect((await decide([{ ...first }])).allowed).toEqual([true]);
  expect(asked).toEqual([first]);
  expect((await decide([second])).allowed).toEqual([false]);
  expect(asked).toEqual([first, second]);
});

test('a number that JSON does not have is asked about each time: it is not null, and not another such number', async () => {
  const { route: only, asked } = route(({ args }) => ({ outcome: args.n === null ? 'allow' : 'deny' }));
  const decide = policyDecisions([only], () => {});
  // What graphql-js makes of the literals `null`, `1e999` and `-1e999` for a Float.
  for (const n of [null, Infinity, -Infinity]) {
    const of = question({ args: { n } });
    expect((await decide([of])).allowed).toEqual([n === null]);
    expect((await decide([of])).allowed).toEqual([n === null]);
  }
  expect(asked).toHaveLength(5);
});

test('an engine that fails for all of its questions is told of once, and for each of its reasons', async () => {
  const told: string[] = [];
  const reasons = ['down', 'down', 'unsure', 'down'];
  const { route: only } = route((one) => ({ outcome: 'failed', reason: reasons[Number(one.args.at)] ?? '' }), 0);
  const decide = policyDecisions([only], (engine, reason) => void told.push(`${engine}: ${reason}`));
  expect((await decide(reasons.map((_, at) => question({ args: { at } })))).allowed).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(told).toEqual(['test: down', 'test: unsure']);
});
