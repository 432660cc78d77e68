import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  serverSentEventsUpstream,
  type ServerSentEventsOptions,
} from '../../../plugins/subscriptions/upstream/server-sent-events.ts';
import type { Upstream } from '../../../plugins/subscriptions/upstream/upstream.ts';
import { freePort } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { startLiveSubgraph, type LiveSubgraph } from './live-subgraph.ts';
import { record, saidAt, type Recorded } from './recorder.ts';
import { startScripted, type ScriptedRequest } from './scripted-subgraph.ts';

const NOTHING_LEFT = { connections: 0, subscriptions: 0 };

let upstream: Upstream;

beforeEach(() => {
  upstream = serverSentEventsUpstream();
});

afterEach(() => upstream.close());

async function openWith(options: ServerSentEventsOptions): Promise<void> {
  await upstream.close();
  upstream = serverSentEventsUpstream(options);
}

async function nothingLeft(): Promise<void> {
  await until('nothing to be left', () => upstream.status().connections === 0);
  expect(upstream.status()).toEqual(NOTHING_LEFT);
}

describe('a subscription at a GraphQL server', () => {
  let subgraph: LiveSubgraph;

  beforeEach(async () => {
    subgraph = await startLiveSubgraph();
  });

  afterEach(() => subgraph[Symbol.asyncDispose]());

  async function listen(topic: string): Promise<Recorded> {
    const before = subgraph.listeners(topic);
    const recorded = record(upstream, saidAt(subgraph.url, topic));
    await until('the subgraph to serve it', () => subgraph.listeners(topic) > before);
    await recorded.opened();
    return recorded;
  }

  test('gives the events of the subgraph in their order, once it has said that it is open', async () => {
    const recorded = await listen('news');
    const texts = Array.from({ length: 100 }, (_, index) => `event ${index} ä€𝄞\n`);
    for (const text of texts) subgraph.say('news', text);
    await recorded.count(100);
    expect(recorded.told).toEqual(['opened', ...texts.map((said) => ({ data: { said } }))]);
  });

  test('is completed when the subgraph completes it', async () => {
    const recorded = await listen('news');
    subgraph.finish('news');
    expect(await recorded.end()).toEqual({ kind: 'completed' });
    await nothingLeft();
  });

  test("is refused with the subgraph's own errors", async () => {
    const unknown = { query: 'subscription { nothing }', operationName: undefined };
    expect(await record(upstream, saidAt(subgraph.url, '', unknown)).end()).toMatchObject({
      kind: 'refused',
      errors: [{ message: 'Cannot query field "nothing" on type "Subscription".' }],
    });
    const forbidden = record(
      upstream,
      saidAt(subgraph.url, '', { query: 'subscription { forbidden }', operationName: undefined }),
    );
    expect(await forbidden.end()).toMatchObject({
      kind: 'refused',
      errors: [{ message: 'Not for you', path: ['forbidden'], extensions: { code: 'FORBIDDEN' } }],
    });
    await nothingLeft();
  });

  test('that is given up is released at the subgraph, and nothing is told of it any more', async () => {
    const [given, kept] = [await listen('news'), await listen('news')];
    given.giveUp();
    await until('the release', () => subgraph.listeners('news') === 1);
    subgraph.say('news', 'after');
    await kept.count(1);
    expect(given.told).toEqual(['opened']);
    expect(upstream.status()).toEqual({ connections: 1, subscriptions: 1 });
  });

  test('is lost when the subgraph is killed', async () => {
    const recorded = await listen('news');
    await subgraph.stop();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the connection failed (UND_ERR_SOCKET)' });
    await nothingLeft();
  });

  test('is lost when the connection is reset', async () => {
    const recorded = await listen('news');
    for (const socket of subgraph.connections) socket.resetAndDestroy();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the connection failed (ECONNRESET)' });
  });

  test('is lost when nothing comes any more, though the connection stands', async () => {
    await openWith({ idleTimeout: 100 });
    const recorded = await listen('news');
    for (const socket of subgraph.connections) socket.pause();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'nothing was sent for 100 ms' });
    await nothingLeft();
  });

  test('is lost when close() is called, which leaves nothing', async () => {
    const recorded = await listen('news');
    await upstream.close();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the gateway is closing' });
    expect(upstream.status()).toEqual(NOTHING_LEFT);
    await until('the release', () => subgraph.listeners('news') === 0);
  });
});

/** What is told of a subscription that is answered so. */
async function answeredWith(answer: (request: ScriptedRequest) => void): Promise<Recorded['told']> {
  await using subgraph = await startScripted(answer);
  const recorded = record(upstream, saidAt(subgraph.url, 'news', { headers: { 'x-tenant': 'a', accept: '*/*' } }));
  await recorded.end();
  await until('the connection to be left', () => subgraph.open() === 0);
  await nothingLeft();
  expect(subgraph.requests).toMatchObject([
    {
      headers: { 'x-tenant': 'a', accept: 'text/event-stream', 'content-type': 'application/json' },
      body: { query: saidAt('', '').query, operationName: 'Said', variables: { topic: 'news' } },
    },
  ]);
  return recorded.told;
}

const STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/graphql-response+json' };
const ERRORS = [{ message: 'No', extensions: { code: 'NO' } }];

function stream(...chunks: string[]): (request: ScriptedRequest) => void {
  return ({ response }) => {
    response.writeHead(200, STREAM);
    for (const chunk of chunks) response.write(chunk);
  };
}

function ends(status: number, headers: Record<string, string>, body: string) {
  return ({ response }: ScriptedRequest) => void response.writeHead(status, headers).end(body);
}

describe('a stream', () => {
  test('may hold comments and events of other types, and end in the middle of what was asked for', async () => {
    const told = await answeredWith(
      stream(
        ': hello\n\nevent: ping\ndata: x\n\nevent: next\ndata: {"data":{"a"',
        ':1}}\n\nevent: complete\n\nevent: next\n',
      ),
    );
    expect(told).toEqual(['opened', { data: { a: 1 } }, { kind: 'completed' }]);
  });

  test('is told nothing of after `complete`', async () => {
    const late = 'event: complete\ndata:\n\nevent: next\ndata: {"data":{}}\n\n';
    expect(await answeredWith(stream(late))).toEqual(['opened', { kind: 'completed' }]);
  });

  test('that begins with errors and no data is a refusal; later it is an event', async () => {
    const errors = `event: next\ndata: ${JSON.stringify({ errors: ERRORS })}\n\n`;
    expect(await answeredWith(stream(errors))).toEqual(['opened', { kind: 'refused', errors: ERRORS }]);
    const data = 'event: next\ndata: {"data":{}}\n\n';
    const told = await answeredWith(stream(data, errors, 'event: complete\n\n'));
    expect(told).toEqual(['opened', { data: {} }, { errors: ERRORS }, { kind: 'completed' }]);
  });

  test('may come with the status of its refusal', async () => {
    const refusal = `event: next\ndata: ${JSON.stringify({ errors: ERRORS })}\n\n`;
    expect(await answeredWith(ends(403, STREAM, refusal))).toEqual(['opened', { kind: 'refused', errors: ERRORS }]);
    expect(await answeredWith(ends(503, STREAM, refusal))).toMatchObject([{ kind: 'lost' }]);
  });

  test.each<[string, (request: ScriptedRequest) => void, string]>([
    ['ends without `complete`', ends(200, STREAM, ':\n\n'), 'the stream ended without `complete`'],
    ['holds an event that is not JSON', stream('event: next\ndata: secret\n\n'), 'an event that is no JSON object'],
    ['holds an event that is no object', stream('event: next\ndata: [1]\n\n'), 'an event that is no JSON object'],
  ])('that %s is lost', async (_, answer, reason) => {
    expect(await answeredWith(answer)).toEqual(['opened', { kind: 'lost', reason }]);
  });

  test('that holds an event larger than is read is lost', async () => {
    await openWith({ maxMessageBytes: 1_000 });
    const large = { kind: 'lost', reason: 'an event of more than 1000 bytes' };
    expect(await answeredWith(stream(`event: next\ndata: ${'x'.repeat(1_000)}`))).toEqual(['opened', large]);
  });

  test('is kept open by comments', async () => {
    await openWith({ idleTimeout: 500 });
    const told = await answeredWith(({ response }) => {
      response.writeHead(200, STREAM);
      let comments = 0;
      const timer = setInterval(() => {
        response.write(':\n\n');
        if (++comments === 10) response.end('event: complete\n\n');
      }, 100);
      response.once('close', () => clearInterval(timer));
    });
    expect(told).toEqual(['opened', { kind: 'completed' }]);
  });
});

describe('an answer that is no stream', () => {
  test.each([200, 400, 403])('is a refusal when it is JSON with errors and status %i', async (status) => {
    const told = await answeredWith(ends(status, JSON_TYPE, JSON.stringify({ errors: ERRORS })));
    expect(told).toEqual([{ kind: 'refused', errors: ERRORS }]);
  });

  test.each<[string, (request: ScriptedRequest) => void, string]>([
    ['asks to come back later', ends(503, JSON_TYPE, JSON.stringify({ errors: ERRORS })), 'status 503'],
    ['is a page', ends(404, { 'content-type': 'text/html' }, '<p>secret'), 'status 404'],
    ['is a page for a 200', ends(200, { 'content-type': 'Text/HTML' }, '<p>secret'), 'text/html'],
    ['is data', ends(200, JSON_TYPE, '{"data":{"said":"secret"}}'), 'application/graphql-response+json'],
    ['has no type', ends(200, {}, ''), 'no media type'],
    ['leads elsewhere', ends(307, { location: 'http://127.0.0.1:1/' }, ''), 'status 307'],
    ['is no JSON', ends(400, JSON_TYPE, 'secret'), 'status 400'],
  ])('is lost when it %s', async (_, answer, reason) => {
    expect(await answeredWith(answer)).toEqual([{ kind: 'lost', reason: `it was answered with ${reason}` }]);
  });

  test('is lost when it is compressed, since nobody asked for that', async () => {
    const answer = ({ response }: ScriptedRequest) =>
      void response.writeHead(200, { ...STREAM, 'content-encoding': 'gzip' }).end(gzipSync('event: complete\n\n'));
    expect(await answeredWith(answer)).toMatchObject([{ kind: 'lost' }]);
  });

  test('is lost when its errors are larger than is read', async () => {
    await openWith({ maxMessageBytes: 10 });
    const told = await answeredWith(ends(400, JSON_TYPE, JSON.stringify({ errors: ERRORS })));
    expect(told).toEqual([{ kind: 'lost', reason: 'it was answered with status 400' }]);
  });
});

describe('a subscription is lost', () => {
  test('when nobody listens there', async () => {
    const recorded = record(upstream, saidAt(`http://127.0.0.1:${await freePort()}/graphql`, 'news'));
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the connection failed (ECONNREFUSED)' });
    await nothingLeft();
  });

  test('when the subgraph takes the request and does not answer in time', async () => {
    await openWith({ connectTimeout: 100 });
    expect(await answeredWith(() => {})).toEqual([{ kind: 'lost', reason: 'no answer within 100 ms' }]);
  });

  test('when what answers does not speak HTTP', async () => {
    const port = await freePort();
    const server = createServer((socket) => socket.end('secret\r\n')).listen(port, '127.0.0.1');
    const recorded = record(upstream, saidAt(`http://127.0.0.1:${port}/graphql`, 'news'));
    expect(await recorded.end()).toEqual({
      kind: 'lost',
      reason: expect.stringMatching(/^the connection failed \(\w+\)$/),
    });
    server.close();
  });

  test.each([
    ['its URL is none', { url: 'nowhere' }],
    ['a header cannot be sent', { headers: { 'x-secret': 'secret\n' } }],
  ])('when %s', async (_, wrong) => {
    const recorded = record(upstream, saidAt('http://127.0.0.1:1/graphql', 'news', wrong));
    expect(recorded.told, 'before open has returned').toEqual([]);
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: expect.not.stringContaining('secret') });
    await nothingLeft();
  });
});

test('a subscription that is given up before it is answered is never told of', async () => {
  await using subgraph = await startScripted(() => {});
  const recorded = record(upstream, saidAt(subgraph.url, 'news'));
  await until('the request', () => subgraph.open() === 1);
  recorded.giveUp();
  await until('the subgraph to learn of it', () => subgraph.open() === 0);
  await nothingLeft();
  expect(recorded.told).toEqual([]);
});

test.each<[string, ServerSentEventsOptions]>([
  ['connectTimeout is 0; it takes a whole number from 1', { connectTimeout: 0 }],
  ['idleTimeout is Infinity; it takes a whole number from 1', { idleTimeout: Infinity }],
  ['maxMessageBytes is "1"; it takes a whole number from 1', { maxMessageBytes: '1' as never }],
])('a wrong option is named when it is made: %s', (message, options) => {
  expect(() => serverSentEventsUpstream(options)).toThrow(`serverSentEventsUpstream: ${message}`);
});
