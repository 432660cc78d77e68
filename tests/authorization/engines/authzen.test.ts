import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authzenEngine } from '../../../plugins/authorization/engines/index.ts';
import type { PolicyEngine } from '../../../plugins/authorization/policy-engine.ts';
import { startAuthZen, type AuthZenServer } from '../../harness/authzen-server.ts';
import { json, startAnswering } from '../../authentication/jwt/answering-server.ts';
import { ALICE, ALLOW, decide, NOBODY, outcomes, question } from './questions.ts';

const OWNER = `permit(principal is user, action == Action::"query", resource is field)
when { action.policy == "owner" && resource.args.id == principal.claims.sub };`;

let server: AuthZenServer;
let engine: PolicyEngine;

beforeAll(async () => {
  server = await startAuthZen(OWNER);
  engine = authzenEngine({ url: server.url, headers: { Authorization: 'Bearer of-the-gateway' } });
});

beforeEach(() => {
  server.requests.length = 0;
  server.decideBy(OWNER);
});

afterAll(async () => {
  await engine.close?.();
  await server[Symbol.asyncDispose]();
});

const own = { args: { id: 'alice' } };

test('a decision point decides about principal, action, arguments and request', async () => {
  server.decideBy(`permit(principal == user::"alice", action == Action::"query", resource == field::"Query.user")
    when { action.policy == "owner" && resource.args.id == "alice" && principal.tier == "gold" &&
      principal.method == "jwt" && principal.clientId == "web" && principal.scopes.contains("read") &&
      principal.roles.contains("support") && principal.claims.department == "sales" &&
      context.operationName == "Users" && context.address == "192.0.2.7" };`);
  const others = [
    question({ ...own, action: { kind: 'mutation', coordinate: 'Query.user' } }),
    question({ ...own, action: { kind: 'query', coordinate: 'Query.users' } }),
    question({ ...own, policy: 'other' }),
    question({ ...own, principal: NOBODY }),
    question({ ...own, principal: { ...ALICE, tier: 'silver' } }),
    question({ ...own, request: { operationName: 'Other', address: '192.0.2.7' } }),
    question({ args: { id: 'bob' } }),
  ];
  expect(await outcomes(engine, [question(own), ...others])).toEqual(['allow', ...others.map(() => 'deny')]);
  for (const other of others) expect(await outcomes(engine, [other])).toEqual(['deny']);
});

test('the request is as the specification has it', async () => {
  await decide(engine, [question(own)]);
  expect(server.requests).toEqual([
    {
      headers: expect.objectContaining({
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: 'Bearer of-the-gateway',
      }),
      body: {
        subject: {
          type: 'user',
          id: 'alice',
          properties: {
            method: 'jwt',
            clientId: 'web',
            scopes: ['read', 'write'],
            roles: ['support'],
            claims: { sub: 'alice', department: 'sales' },
            tier: 'gold',
          },
        },
        action: { name: 'query', properties: { policy: 'owner' } },
        context: { operationName: 'Users', address: '192.0.2.7' },
        options: { evaluations_semantic: 'execute_all' },
        evaluations: [{ resource: { type: 'field', id: 'Query.user', properties: { args: { id: 'alice' } } } }],
      },
    },
  ]);
});

test('two hundred questions of an operation are one small request, answered in order', async () => {
  const asked = Array.from({ length: 200 }, (_, index) => question({ args: { id: index % 3 ? 'bob' : 'alice' } }));
  expect(await outcomes(engine, asked)).toEqual(asked.map((_, index) => (index % 3 ? 'deny' : 'allow')));
  expect(server.requests).toHaveLength(1);
  expect(JSON.stringify(server.requests[0]?.body).length).toBeLessThan(200 * 100);
});

test('questions of several principals in one call do not take from one another', async () => {
  server.decideBy('permit(principal, action, resource) when { principal has clientId };');
  const asked = [question(), question({ principal: NOBODY }), question()];
  expect(await outcomes(engine, asked)).toEqual(['allow', 'deny', 'allow']);
});

test('an evaluation with an error is no decision, and says nothing of it', async () => {
  const reason = 'the decision point gave an error in place of a decision';
  expect(await decide(engine, [question(own), question(), question(own)])).toEqual([
    ALLOW,
    { outcome: 'failed', reason },
    ALLOW,
  ]);
});

test('what JSON cannot say has failed, and the decision point is asked about the rest alone', async () => {
  const unsayable = question({ args: { id: 'alice', price: Number.POSITIVE_INFINITY } });
  const half = question({ ...own, principal: { ...ALICE, claims: { ...ALICE.claims, name: '\ud800' } } });
  expect(await outcomes(engine, [unsayable, question(own), half, question({ args: { id: 'bob' } })])).toEqual([
    'failed',
    'allow',
    'failed',
    'deny',
  ]);
  expect(server.requests.map(({ body }) => body.evaluations?.length)).toEqual([2]);
  expect(await outcomes(engine, [unsayable])).toEqual(['failed']);
  expect(await outcomes(engine, [])).toEqual([]);
  expect(server.requests).toHaveLength(1);
});

test('a decision point that was down is asked again when it is back', async () => {
  await server.stop();
  expect(await outcomes(engine, [question(own)])).toEqual(['failed']);
  await server.start();
  expect(await outcomes(engine, [question(own)])).toEqual(['allow']);
});

test('a decision point may stand below a path', async () => {
  const paths: unknown[] = [];
  await using below = await startAnswering((response, request) => {
    paths.push(request.url);
    json({ evaluations: [{ decision: true }] })(response, request);
  });
  for (const base of ['/tenant/pdp', '/tenant/pdp/']) {
    const other = authzenEngine({ url: below.url + base });
    expect(await decide(other, [question()])).toEqual([ALLOW]);
    await other.close?.();
  }
  expect(paths).toEqual(['/tenant/pdp/access/v1/evaluations', '/tenant/pdp/access/v1/evaluations']);
});

describe('an answer that cannot be relied on is no decision', () => {
  const yes = { decision: true };
  test.each([
    ['fewer decisions than questions', { evaluations: [yes] }, ['failed', 'failed']],
    ['more', { evaluations: [yes, yes, yes] }, ['failed', 'failed']],
    ['a decision about all', yes, ['failed', 'failed']],
    ['a list', [yes, yes], ['failed', 'failed']],
    ['null', null, ['failed', 'failed']],
    ['evaluations that are no list', { evaluations: { 0: yes, 1: yes, length: 2 } }, ['failed', 'failed']],
    ['one decision that is a text', { evaluations: [yes, { decision: 'true' }] }, ['allow', 'failed']],
    ['one decision that is a number', { evaluations: [{ decision: 1 }, yes] }, ['failed', 'allow']],
    ['one that is missing', { evaluations: [{}, yes] }, ['failed', 'allow']],
    ['one that is null', { evaluations: [null, yes] }, ['failed', 'allow']],
    ['a permission with an error', { evaluations: [{ ...yes, context: { error: {} } }, yes] }, ['failed', 'allow']],
  ])('%s', async (_name, body, expected) => {
    await using answering = await startAnswering(json(body));
    const other = authzenEngine({ url: answering.url });
    expect(await outcomes(other, [question(), question()])).toEqual(expected);
    await other.close?.();
  });
});
