import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startDemoSubgraphs, type RunningDemo } from '../../subgraphs/index.ts';
import type { TestGateway } from '../harness/gateway.ts';
import type { TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';
import { firstEvent } from '../subgraphs/first-event.ts';
import { fileIn, linesIn, startAudited, verify, type Line } from './audited-gateway.ts';
import { startPeople } from './people-subgraph.ts';

// What is in the records of a running gateway, over HTTP and WebSocket. Each test finds its own by the id of its request,
// or by the name of its operation.

const CANARY = 'canary-0815';

let demo: RunningDemo;
let people: TestSubgraph;
let gateway: TestGateway;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-audit-'));
  [demo, people] = await Promise.all([startDemoSubgraphs({ ports: 'free' }), startPeople()]);
  gateway = await startAudited({
    folder,
    subgraphs: [...demo.subgraphs, people],
    audit: {
      allow: [
        'Query.person(id:)',
        'Query.person(proof:)',
        'Query.find(note:)',
        'PersonFilter.text',
        'PersonFilter.code',
      ],
    },
    env: {
      API_KEY_SECRET: Buffer.alloc(32, 1).toString('base64'),
      LIMITS: JSON.stringify({
        operation: { depth: 4 },
        policies: [
          { name: 'few', capacity: 1, refillPerSecond: 0.001, match: { operationName: 'Few' } },
          { name: 'none', capacity: 1, refillPerSecond: 0.001, match: { operationName: 'NotAtAll' } },
        ],
      }),
    },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([demo?.close(), people?.[Symbol.asyncDispose](), rm(folder, { recursive: true })]);
});

let requests = 0;

interface Asked {
  readonly status: number;
  readonly records: readonly Line[];
}

/** Sends it, and waits for so many records with its request's id. */
async function ask(body: unknown, headers: Record<string, string> = {}, count = 1): Promise<Asked> {
  const requestId = `request-${requests++}`;
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      'x-request-id': requestId,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  await response.arrayBuffer();
  return { status: response.status, records: await recordsOf((line) => line.requestId === requestId, count) };
}

function recordsOf(matches: (line: Line) => boolean, count: number): Promise<readonly Line[]> {
  return until(`${count} records`, async () => {
    const found = (await linesIn(folder)).filter(matches);
    return found.length >= count && found;
  });
}

async function one(body: unknown, headers: Record<string, string> = {}): Promise<Line> {
  const { records } = await ask(body, headers);
  expect(records).toHaveLength(1);
  return records[0] as Line;
}

const socketClient = () => {
  const client = createClient({ url: `${gateway.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  onTestFinished(() => void client.dispose());
  return client;
};
const PERSON =
  'query Person($id: ID!, $proof: String) { first: person(id: $id, proof: $proof) { name insuranceNumber } }';

describe.concurrent('the record of an operation', () => {
  test('says who, what, with which values, and what came of it', async () => {
    const record = await one({ query: PERSON, variables: { id: '7', proof: CANARY, [CANARY]: 1 } });
    expect(record).toEqual({
      seq: expect.any(Number),
      type: 'operation',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      requestId: expect.any(String),
      transport: 'http',
      principal: { id: 'anonymous', kind: 'anonymous', method: 'none' },
      address: '127.0.0.0/24',
      operation: {
        name: 'Person',
        kind: 'query',
        hash: expect.stringMatching(/^[\w-]{43}$/),
        document: 'query{person(id:$_,proof:$_){name insuranceNumber}}',
        sensitive: ['Person.insuranceNumber'],
      },
      variables: { id: '7', proof: '[String]', '+': 1 },
      cost: { estimated: expect.any(Number), actual: expect.any(Number) },
      cache: expect.objectContaining({ outcome: expect.any(String) }),
      calls: [{ subgraph: 'people', outcome: 'success', duration: expect.any(Number), attempts: 1 }],
      codes: [],
      status: 200,
      ended: 'answered',
      duration: expect.any(Number),
      responses: 1,
      bytes: expect.any(Number),
      hash: expect.any(String),
    });
  });

  test('has no literals, no aliases and nothing of what the client calls things', async () => {
    const query = `query ($${CANARY.replace('-', '_')}x: String) { ${CANARY.replace('-', '_')}: find(note: "${CANARY}", filter: { text: "${CANARY}", code: $${CANARY.replace('-', '_')}x }) { name } }`;
    const record = await one({ query, variables: {}, extensions: { secret: CANARY } }, { 'x-secret': CANARY });
    expect(record.operation?.document).toBe('query{find(filter:$_,note:$_){name}}');
    expect(JSON.stringify(record)).not.toMatch(/canary/);
  });

  test('has the redaction of whatever is not allowed, deep within', async () => {
    const query =
      'query Find($f: PersonFilter, $tags: [String!], $mood: Mood, $exact: Boolean, $note: String) { find(filter: $f, tags: $tags, mood: $mood, exact: $exact, note: $note) { id } }';
    const filter = { text: 'shown', code: CANARY, password: CANARY, and: [{ text: `${CANARY}@example.com` }] };
    const variables = { f: filter, tags: [CANARY, CANARY], mood: 'GOOD', exact: true, note: 'a note' };
    const record = await one({ query, variables });
    expect(record.variables).toEqual({
      f: { text: 'shown', code: '[String]', password: '[String]', and: [{ text: '[String]' }] },
      tags: ['[String]', '[String]'],
      mood: '[Mood]',
      exact: '[Boolean]',
      note: 'a note',
    });
  });

  test('names the fields that were withheld', async () => {
    const record = await one({ query: 'query Withheld { person(id: "1") { name salary } }' });
    expect(record.authorization).toEqual({
      outcome: 'withheld',
      code: 'UNAUTHORIZED_FIELD_OR_TYPE',
      fields: ['Person.salary'],
      onData: false,
    });
    expect(record.codes).toEqual(['UNAUTHORIZED_FIELD_OR_TYPE']);
  });

  test('is there for each of a batch', async () => {
    const each = [{ query: 'query One { slow(ms: 1) }' }, { query: 'query Two { slow(ms: 1) }' }];
    const { records } = await ask(each, {}, 2);
    expect(records.map(({ operation, batch }) => [operation?.name, batch])).toEqual([
      ['One', 2],
      ['Two', 2],
    ]);
  });

  test('is there when the cache answers, also before a request is made of it', async () => {
    const body = { query: '{ topProducts(first: 1) { upc } }' };
    const records: Line[] = [];
    for (let i = 0; i < 4; i++) records.push(await one(body));
    const [first] = records;
    for (const record of records.slice(1)) {
      expect(record.operation).toEqual(first?.operation);
      expect(record).toMatchObject({ status: 200, cache: { outcome: 'hit', tier: 'l1' } });
    }
    expect(records.at(-1)).toMatchObject({ again: true, ended: 'answered', bytes: expect.any(Number) });
  });

  test('of a request id that is no id has nothing of it', async () => {
    await ask(
      { query: 'query Tokened { slow(ms: 1) }' },
      { 'x-request-id': 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc' },
      0,
    );
    const [record] = await recordsOf((line) => line.operation?.name === 'Tokened', 1);
    expect(record?.requestId).toBe('[id]');
  });
});

describe.concurrent('what is refused is recorded', () => {
  test('for a wrong credential, before anything is read', async () => {
    const { status, records } = await ask(
      { query: PERSON, variables: { id: CANARY } },
      { authorization: `Bearer ${CANARY}` },
    );
    expect(status).toBe(401);
    expect(records).toMatchObject([
      {
        type: 'request',
        status: 401,
        address: '127.0.0.0/24',
        authorization: { outcome: 'refused', code: 'UNAUTHENTICATED' },
      },
    ]);
    expect(JSON.stringify(records)).not.toContain(CANARY);
  });

  test.each([
    ['a body that is no JSON', `{"query": "${CANARY}`, 'request'],
    ['a body without a query', { variables: { a: CANARY } }, 'operation'],
    ['a document that does not parse', { query: `{ ${CANARY} (`, variables: { a: CANARY } }, 'operation'],
    [
      'a document that does not fit the schema',
      { query: `query Unfit { canary_0815 }`, variables: { a: CANARY } },
      'operation',
    ],
    ['another operation than there is', { query: '{ slow }', operationName: 'canary_0815' }, 'operation'],
    [
      'a document that is too deep',
      { query: `query Deep { reviews { product { reviews { product { upc } } } } }` },
      'operation',
    ],
  ])('for %s', async (_, body, type) => {
    const record = await one(body);
    expect(record.status).not.toBe(200);
    expect(record.type).toBe(type);
    expect(JSON.stringify(record)).not.toMatch(/canary/);
  });

  test('for limits and wrong variables with the same redaction as for what is answered', async () => {
    const variables = { id: '7', proof: CANARY };
    const query = PERSON.replace('Person', 'Few');
    const [answered, limited] = [await one({ query, variables }), await one({ query, variables })];
    expect([answered.status, limited.status]).toEqual([200, 429]);
    expect(limited.codes).toEqual(['RATE_LIMITED']);
    for (const part of ['operation', 'variables'] as const) expect(limited[part]).toEqual(answered[part]);
    const wrong = await one({ query: PERSON, variables: { id: { [CANARY]: CANARY }, proof: [CANARY] } });
    expect(wrong.variables).toEqual({ id: '[ID]', proof: '[String]' });
    expect(JSON.stringify(wrong)).not.toContain(CANARY);
  });
});

test('what subgraphs answer with an error is recorded with the same redaction', async () => {
  people.break((_, response) => void response.writeHead(500).end(CANARY));
  onTestFinished(() => people.break(undefined));
  const record = await one({ query: PERSON.replace('Person', 'Broken'), variables: { id: '9', proof: CANARY } });
  expect(record).toMatchObject({ variables: { id: '9', proof: '[String]' }, codes: ['SUBGRAPH_UNAVAILABLE'] });
  expect(JSON.stringify(record)).not.toContain(CANARY);
});

describe.concurrent('over WebSocket', () => {
  test('an operation has its record, answered or refused', async () => {
    const client = socketClient();
    const variables = { id: '7', proof: CANARY };
    await client.iterate({ query: PERSON.replace('Person', 'Socket'), variables }).next();
    const query = PERSON.replace('Person', 'NotAtAll');
    await client.iterate({ query, variables }).next();
    await expect(client.iterate({ query, variables }).next()).rejects.toBeDefined();
    const records = await recordsOf(
      ({ operation, transport }) => transport === 'websocket' && /Socket|NotAtAll/.test(operation?.name ?? ''),
      3,
    );
    expect(records.map(({ codes, variables: written }) => ({ codes, written }))).toEqual([
      { codes: [], written: { id: '7', proof: '[String]' } },
      { codes: [], written: { id: '7', proof: '[String]' } },
      { codes: ['RATE_LIMITED'], written: { id: '7', proof: '[String]' } },
    ]);
  });

  test('a subscription has a record of its start and one of its end', async () => {
    const client = socketClient();
    const events = client.iterate({
      query: 'subscription Watched($upc: ID!) { stockChanged(upc: $upc) { upc } }',
      variables: { upc: '1' },
    });
    const change = { query: 'mutation { setStock(upc: "1", quantity: 7) { upc } }' };
    await firstEvent(events, async () => void (await ask(change, {}, 0)));
    await events.return?.();
    const records = await recordsOf(({ operation }) => operation?.name === 'Watched', 2);
    expect(records).toMatchObject([
      { type: 'subscription-start', ended: 'open', responses: 0, variables: { upc: '[ID]' } },
      { type: 'subscription-end', ended: 'left', variables: { upc: '[ID]' } },
    ]);
    expect(records[1]?.responses).toBeGreaterThan(0);
  });
});

test('over SSE, a subscription has a record of its start and one of its end', async () => {
  const leaving = new AbortController();
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription Streamed { stockChanged(upc: "3") { upc } }' }),
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  leaving.abort();
  const records = await recordsOf(({ operation }) => operation?.name === 'Streamed', 2);
  expect(records.map(({ type, ended }) => [type, ended])).toEqual([
    ['subscription-start', 'open'],
    ['subscription-end', 'left'],
  ]);
});

test('the file is for its owner alone, holds no canary, verifies, and is closed when the gateway stops', async () => {
  expect((await stat(fileIn(folder))).mode & 0o777).toBe(0o600);
  expect(await gateway.stop()).toBe(0);
  expect(await readFile(fileIn(folder), 'utf8')).not.toMatch(/canary/);
  const { code, stdout, stderr } = await verify([fileIn(folder), '--expect-closed']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^\d+ records, 1 to \d+; \d+ checkpoints signed by [0-9a-f]{16}\n$/);
});
