import { describe, expect, test } from 'vitest';
import { opaEngine, type OpaOptions } from '../../../plugins/authorization/engines/index.ts';
import type { PolicyDecision, PolicyQuestion } from '../../../plugins/authorization/policy-engine.ts';
import { json, startAnswering } from '../../authentication/jwt/answering-server.ts';
import { startOpaBinary } from './opa-binary.ts';
import { startOpa, type OpaInput, type OpaRule } from './opa-server.ts';
import { ALICE, ALLOW, DENY, decide, NOBODY, question } from './questions.ts';

const OWNER = `package gatehouse.owner

import rego.v1

allow contains position if {
  some position, question in input.questions
  question.args.id == input.principal.id
}
`;

const GOLD = `package team.gold

import rego.v1

allow contains position if {
  input.principal.tier == "gold"
  some position, _ in input.questions
}
`;

const positions = (input: OpaInput, isAllowed: (asked: OpaInput['questions'][number]) => boolean): number[] =>
  input.questions.flatMap((asked, position) => (isAllowed(asked) ? [position] : []));

/** The same rules, for the server that stands in for OPA. */
const RULES: Readonly<Record<string, OpaRule>> = {
  'gatehouse/owner/allow': (input) => positions(input, ({ args }) => args['id'] === input.principal.id),
  'team/gold/allow': (input) => positions(input, () => input.principal.tier === 'gold'),
};

async function decided(options: OpaOptions, questions: readonly PolicyQuestion[]): Promise<readonly PolicyDecision[]> {
  const engine = opaEngine(options);
  try {
    return await decide(engine, questions);
  } finally {
    await engine.close?.();
  }
}

const binary = process.env['OPA_BIN'];
const servers = [
  { name: 'a server that stands in for OPA', isThere: true, start: () => startOpa(RULES) },
  {
    name: `OPA itself (${binary ? 'the binary that OPA_BIN names' : 'skipped: OPA_BIN names no binary'})`,
    isThere: Boolean(binary),
    start: () => startOpaBinary(binary ?? '', [OWNER, GOLD]),
  },
];

describe.each(servers)('with $name', ({ isThere, start }) => {
  const own = { args: { id: 'alice' } };
  const documents = { gold: 'team/gold/allow' };

  test.skipIf(!isThere)('each question is decided by the document of its policy, in order', async () => {
    await using opa = await start();
    const asked = [
      question(own),
      question({ policy: 'gold' }),
      question({ args: { id: 'bob' } }),
      question({ policy: 'gold', principal: NOBODY }),
      question(own),
      question({ ...own, principal: NOBODY }),
    ];
    expect(await decided({ url: opa.url, documents }, asked)).toEqual([ALLOW, ALLOW, DENY, DENY, ALLOW, DENY]);
  });

  test.skipIf(!isThere)('a document that OPA does not know denies', async () => {
    await using opa = await start();
    const asked = ['nowhere', 'a policy: of "another" team', 'constructor'].map((policy) => question({ policy }));
    expect(await decided({ url: opa.url }, asked)).toEqual([DENY, DENY, DENY]);
  });

  test.skipIf(!isThere)('two hundred questions are decided', async () => {
    await using opa = await start();
    const asked = Array.from({ length: 200 }, (_, index) => question({ args: { id: index % 3 ? 'bob' : 'alice' } }));
    expect(await decided({ url: opa.url }, asked)).toEqual(asked.map((_, index) => (index % 3 ? DENY : ALLOW)));
  });
});

test('the questions of one policy are one request, those of two are two', async () => {
  await using opa = await startOpa(RULES);
  const asked = [
    question({ args: { id: 'alice' } }),
    question({ policy: 'gold' }),
    question({ action: { kind: 'query', coordinate: 'User.email' } }),
  ];
  await decided({ url: `${opa.url}/`, documents: { gold: 'team/gold/allow' } }, asked);
  expect(opa.requests.toSorted((one, other) => one.path.localeCompare(other.path))).toEqual([
    {
      path: 'gatehouse/owner/allow',
      input: {
        policy: 'owner',
        principal: {
          id: 'alice',
          kind: 'user',
          method: 'jwt',
          clientId: 'web',
          scopes: ['read', 'write'],
          roles: ['support'],
          claims: { sub: 'alice', department: 'sales' },
          tier: 'gold',
        },
        request: { operationName: 'Users', address: '192.0.2.7' },
        questions: [
          { action: { kind: 'query', coordinate: 'Query.user' }, args: { id: 'alice' } },
          { action: { kind: 'query', coordinate: 'User.email' }, args: {} },
        ],
      },
    },
    { path: 'team/gold/allow', input: expect.objectContaining({ policy: 'gold' }) },
  ]);
});

test('what JSON cannot say has failed, and OPA is asked about the rest alone', async () => {
  await using opa = await startOpa(RULES);
  const half = { ...ALICE, claims: { name: '\udc00' } };
  const asked = [
    question({ args: { id: 1n } }),
    question({ args: { id: 'alice' } }),
    question({ principal: half }),
    question({ args: { id: 'alice', at: new Date(0) } }),
  ];
  const failure = { outcome: 'failed', reason: 'its claims, arguments or resource cannot be said in JSON' };
  expect(await decided({ url: opa.url }, asked)).toEqual([failure, ALLOW, failure, failure]);
  expect(opa.requests.map(({ input }) => input.questions.length)).toEqual([1]);
});

test.each(['', '..', 'a/../../b', 'a//b', '\ud800'])(
  'a policy %j, whose name leads nowhere, has failed',
  async (policy) => {
    await using opa = await startOpa(RULES);
    expect(await decided({ url: opa.url }, [question({ policy })])).toEqual([
      { outcome: 'failed', reason: 'the name of the policy is not one of a document' },
    ]);
    expect(opa.requests).toEqual([]);
  },
);

describe('an answer that cannot be relied on is no decision', () => {
  test.each([
    ['a list', []],
    ['null', null],
    ['a boolean for all', { result: true }],
    ['a list of booleans', { result: [true, true] }],
    ['a package in place of the rule', { result: { allow: [0, 1] } }],
    ['a result that is null', { result: null }],
    ['a position that nobody asked about', { result: [0, 2] }],
    ['a negative position', { result: [-1] }],
    ['half a position', { result: [0.5] }],
    ['a position as a text', { result: ['0'] }],
  ])('%s', async (_name, body) => {
    await using opa = await startAnswering(json(body));
    const failure = { outcome: 'failed', reason: 'OPA gave something that is not a list of positions' };
    expect(await decided({ url: opa.url }, [question(), question()])).toEqual([failure, failure]);
  });
});

test.each(['', '/a', 'a/', 'a/../b', 1])('a document %j is refused with the name of the option', (document) => {
  const documents = { owner: document as string };
  expect(() => opaEngine({ url: 'http://127.0.0.1:8181', documents })).toThrow(
    'opaEngine: documents.owner takes a path such as team/policy/allow',
  );
});
