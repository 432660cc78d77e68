import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startCallerSubgraph, type CallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { signed } from '../webhooks/deliveries.ts';
import { onWire, requestText } from './wire.ts';

// Names that mean something to JavaScript, wherever a client may choose a name.

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'valueOf',
  'toJSON',
] as const;

let callers: CallerSubgraph;
let subgraph: TestSubgraph;
let gateway: TestGateway;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-security-'));
  callers = await startCallerSubgraph();
  subgraph = await startSubgraph(
    'echo',
    federated(
      'type Query { echo(in: In): String then: String constructor: String } input In { text: String then: String constructor: String }',
    ),
    {
      Query: {
        echo: (_: unknown, args: unknown) => JSON.stringify(args),
        constructor: () => 'made',
      },
    },
  );
  const env = {
    ...callers.env,
    WEBHOOK_SECRET,
    API_KEY_SECRET: 'x'.repeat(32),
    AUDIT_FILE: join(directory, 'audit.jsonl'),
  };
  gateway = await startGateway({ subgraphs: [subgraph, callers], env });
});
afterAll(async () => {
  await Promise.all([gateway, subgraph, callers].map((server) => server?.[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true, force: true });
});

async function post(body: string, ...lines: readonly string[]): Promise<{ status: number | undefined; body: string }> {
  const usual = ['content-type: application/json', 'connection: close', `content-length: ${Buffer.byteLength(body)}`];
  const [answer] = await onWire(gateway, [requestText('POST /graphql HTTP/1.1', [...usual, ...lines], body)]);
  return { status: answer?.status, body: answer?.body ?? '' };
}

/** As nothing of what was tried has changed it. */
async function expectUnchanged(): Promise<void> {
  const anonymous = await post('{"query":"{ caller echo(in: {text: \\"a\\"}) }"}');
  expect(JSON.parse(anonymous.body)).toEqual({
    data: { caller: expect.stringContaining('anonymous'), echo: '{"in":{"text":"a"}}' },
  });
  expect(await gateway.query('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  expect(gateway.log()).not.toMatch(/TypeError|RangeError|Unhandled|Unexpected/);
}

test.each(NAMES)(
  '%s is a name as any other, in variables, parameters, headers, messages and documents',
  async (name) => {
    const polluted = `{"polluted":"yes","kind":"user","sub":"root","scopes":["admin"],"isAdmin":true,"query":"{ caller }"}`;
    const query = 'query ($in: In) { echo(in: $in) caller }';
    const bodies = [
      `{"query":${JSON.stringify(query)},"variables":{"${name}":${polluted}}}`,
      `{"query":${JSON.stringify(query)},"variables":{"in":{"${name}":${polluted}}}}`,
      `{"query":${JSON.stringify(query)},"variables":{"in":{"constructor":{"prototype":${polluted}}}}}`,
      `{"query":"{ caller }","${name}":${polluted}}`,
      `{"query":"{ caller }","extensions":{"${name}":${polluted}}}`,
      `{"query":"{ caller }","extensions":{"persistedQuery":{"${name}":${polluted}}}}`,
      `{"query":"{ caller }","operationName":"${name}"}`,
      `{"documentId":"${name}"}`,
      `{"${name}":${polluted}}`,
      `[{"query":"{ caller }","${name}":${polluted}}]`,
      JSON.stringify({ query: `query ${name} { caller }` }),
      JSON.stringify({ query: `{ ${name}: caller }` }),
      JSON.stringify({ query: `{ ${name} }` }),
      JSON.stringify({ query: `{ caller @${name} }` }),
      JSON.stringify({
        query: `query ($${name}: In) { echo(in: $${name}) }`,
        variables: Object.fromEntries([[name, null]]),
      }),
      JSON.stringify({ query: `fragment ${name} on Query { caller } query { ...${name} }` }),
      JSON.stringify({ query: `{ echo(in: { ${name}: "a" }) }` }),
      JSON.stringify({ query: `{ ... on ${name} { caller } }` }),
    ];
    for (const body of bodies) {
      const { status, body: answer } = await post(body);
      expect([status, body]).toEqual([expect.toBeOneOf([200, 400]), body]);
      expect(answer).not.toMatch(/polluted|root|INTERNAL_SERVER_ERROR/);
    }
    for (const line of [
      `${name}: yes`,
      `authorization: ${name}`,
      `authorization: Bearer ${name}`,
      `x-api-key: ${name}`,
      `cookie: ${name}=yes`,
    ]) {
      expect((await post('{"query":"{ caller }"}', line)).status).toBeOneOf([200, 401]);
    }
    for (const parameters of [
      `${name}[polluted]=yes&query={caller}`,
      `query={caller}&variables={"${name}":${polluted}}`,
      `query={caller}&${name}=1`,
    ]) {
      const target = `/graphql?${encodeURI(parameters)}`;
      const [answer] = await onWire(gateway, [
        requestText(`GET ${target} HTTP/1.1`, ['graphql-require-preflight: 1', 'connection: close']),
      ]);
      expect(answer?.status).toBeOneOf([200, 400]);
    }
    const hook = `{"invalidate":[{"kind":"${name}","${name}":${polluted}},{"kind":"entity","type":"${name}","key":{"${name}":"1"}}]}`;
    const headers = signed({ id: `msg_${name}`, body: hook, secret: WEBHOOK_SECRET });
    expect((await fetch(`${gateway.url}/webhooks/cache`, { method: 'POST', headers, body: hook })).status).toBe(400);

    const socket = new WebSocket(`${gateway.url}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    const closed = once(socket, 'close');
    socket.send(`{"type":"connection_init","payload":{"${name}":${polluted}}}`);
    socket.send(
      `{"type":"subscribe","id":"${name}","payload":{"query":"{ caller }","variables":{"${name}":${polluted}}}}`,
    );
    socket.send(`{"type":"${name}"}`);
    await closed;
    await expectUnchanged();
  },
);

test('fields of a schema with such names are answered', async () => {
  expect(await gateway.query('{ constructor toString: constructor }')).toEqual({
    data: { constructor: 'made', toString: 'made' },
  });
});
