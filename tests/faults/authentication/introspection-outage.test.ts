import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import {
  hang,
  json,
  startAnswering,
  type Answer,
  type AnsweringServer,
} from '../../authentication/jwt/answering-server.ts';
import { startCallerSubgraph, type CallerSubgraph } from '../../authentication/gateway/caller-subgraph.ts';
import { bearer, WAYS, type Ask } from '../../authentication/gateway/ways.ts';

const ACTIVE = json({ active: true, sub: 'ada', client_id: 'app', scope: 'read' });
const FAULTS: Readonly<Record<string, Answer>> = {
  'answers 400': json({ error: 'invalid_request' }, 400),
  'answers 401': json({ error: 'invalid_client' }, 401),
  'answers 500': json({}, 500),
  'asks to be left alone': json({}, 429, { 'retry-after': '7' }),
  'sends the gateway elsewhere': json({ active: true, sub: 'ada' }, 302, { location: 'http://127.0.0.1:9/' }),
  'answers what is no introspection response': json({ active: 'yes', sub: 'ada' }),
  'resets the connection': (_, request) => request.socket.resetAndDestroy(),
  'does not answer in time': hang,
};

let endpoint: AnsweringServer;
let subgraph: CallerSubgraph;
let gateway: TestGateway;
let tokens = 0;

const newToken = (): string => `opaque-token-${++tokens}`;

beforeAll(async () => {
  [endpoint, subgraph] = await Promise.all([startAnswering(ACTIVE), startCallerSubgraph()]);
  gateway = await startGateway({
    subgraphs: [subgraph],
    env: {
      ...subgraph.env,
      INTROSPECTION_ENDPOINT: `${endpoint.url}/introspect`,
      INTROSPECTION_CLIENT_ID: 'gateway',
      INTROSPECTION_CLIENT_SECRET: 'a secret',
    },
  });
});

afterAll(async () => {
  await Promise.all([gateway, endpoint, subgraph].map((server) => server?.[Symbol.asyncDispose]()));
});

/** By all ways at once: some faults take their time. */
async function byAllWays(token: () => string): Promise<(readonly [way: string, answer: Awaited<ReturnType<Ask>>])[]> {
  return Promise.all(
    Object.entries(WAYS).map(async ([way, ask]) => [way, await ask(gateway, bearer(token()))] as const),
  );
}

describe.each(Object.entries(FAULTS))('while the introspection endpoint %s', (what, fault) => {
  test('a token that it was not asked about is not let in, and may be tried again', async () => {
    endpoint.answerWith(fault);
    const executed = subgraph.seen.length;
    for (const [way, { status, code, headers }] of await byAllWays(newToken)) {
      if (way.startsWith('WebSocket')) expect(status).toBe(4500);
      else {
        expect([status, code]).toEqual([503, 'AUTHENTICATION_UNAVAILABLE']);
        expect(headers['retry-after']).toBe(what === 'asks to be left alone' ? '7' : '1');
      }
    }
    expect(subgraph.seen).toHaveLength(executed);
  });

  test('a token that it spoke well of lives on, and one that it refused stays refused', async () => {
    const [good, bad] = [newToken(), newToken()];
    endpoint.answerWith(ACTIVE);
    for (const [, answer] of await byAllWays(() => good))
      expect(answer).toMatchObject({ status: 200, caller: { sub: 'ada' } });
    endpoint.answerWith(json({ active: false }));
    await WAYS['HTTP']?.(gateway, bearer(bad));
    const asked = endpoint.requests();
    endpoint.answerWith(fault);
    for (const [, answer] of await byAllWays(() => good))
      expect(answer).toMatchObject({ status: 200, caller: { sub: 'ada' } });
    expect((await WAYS['HTTP']?.(gateway, bearer(bad)))?.status).toBe(401);
    expect(endpoint.requests()).toBe(asked);
  });
});
