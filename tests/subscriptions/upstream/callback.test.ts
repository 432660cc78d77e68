import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callbackUpstream, type CallbackOptions } from '../../../plugins/subscriptions/upstream/callback.ts';
import { freePort } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import {
  post,
  startCallbackGateway,
  startCallbackSubgraph,
  type CallbackGateway,
  type CallbackSubgraph,
} from './callback-parties.ts';
import { record, saidAt, type Recorded } from './recorder.ts';
import type { ScriptedRequest } from './scripted-subgraph.ts';

const NOTHING_LEFT = { connections: 0, subscriptions: 0 };
const ERRORS = [{ message: 'No', extensions: { code: 'NO' } }];

let gateway: CallbackGateway;
let subgraph: CallbackSubgraph;

beforeEach(async () => {
  gateway = await startCallbackGateway();
  subgraph = await startCallbackSubgraph();
});

afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await subgraph[Symbol.asyncDispose]();
});

async function gatewayWith(options: Partial<CallbackOptions>): Promise<void> {
  await gateway[Symbol.asyncDispose]();
  gateway = await startCallbackGateway(options);
}

async function subgraphThat(answer: (request: ScriptedRequest) => void): Promise<void> {
  await subgraph[Symbol.asyncDispose]();
  subgraph = await startCallbackSubgraph(answer);
}

async function listen(): Promise<Recorded> {
  const recorded = record(gateway.upstream, saidAt(subgraph.url, 'news', { headers: { 'x-tenant': 'a' } }));
  await recorded.opened();
  await until('the request to end', () => gateway.upstream.status().connections === 0);
  return recorded;
}

async function nothingLeft(): Promise<void> {
  await until('nothing to be left', () => gateway.upstream.status().connections === 0);
  expect(gateway.upstream.status()).toEqual(NOTHING_LEFT);
}

/** Of the callback URL; a check tells whether the gateway awaits anything there. */
async function check(): Promise<number> {
  return (await subgraph.say({ action: 'check' })).status;
}

describe('a subscription', () => {
  test('is asked for as the protocol has it', async () => {
    await listen();
    const [request] = subgraph.requests;
    expect(request?.headers).toMatchObject({
      'x-tenant': 'a',
      'content-type': 'application/json',
      accept: 'application/json;callbackSpec=1.0, application/json',
    });
    expect(request?.body).toMatchObject({
      query: saidAt('', '').query,
      operationName: 'Said',
      variables: { topic: 'news' },
      extensions: {
        subscription: {
          callbackUrl: `${gateway.url}/callbacks/subscriptions/${subgraph.asked().subscriptionId}`,
          subscriptionId: expect.stringMatching(/^[0-9a-f]{32}$/),
          verifier: expect.stringMatching(/^[\w-]{43}$/),
          heartbeatIntervalMs: 5_000,
        },
      },
    });
  });

  test('gives the events of the subgraph in their order, once it has checked', async () => {
    const recorded = await listen();
    const texts = Array.from({ length: 20 }, (_, index) => `event ${index} ä€𝄞`);
    for (const said of texts) {
      const answer = await subgraph.say({ action: 'next', payload: { data: { said } } });
      expect(answer.status).toBe(204);
      expect(answer.headers.get('subscription-protocol')).toBe('callback/1.0');
    }
    expect(recorded.told).toEqual(['opened', ...texts.map((said) => ({ data: { said } }))]);
  });

  test('is completed when the subgraph completes it, and unknown from then on', async () => {
    for (const errors of [undefined, []]) {
      const recorded = await listen();
      expect((await subgraph.say({ action: 'complete', errors })).status).toBe(204);
      expect(recorded.told).toEqual(['opened', { kind: 'completed' }]);
      expect(await check()).toBe(404);
    }
    await nothingLeft();
  });

  test("is refused when it is completed with the subgraph's own errors", async () => {
    const recorded = await listen();
    await subgraph.say({ action: 'complete', errors: ERRORS });
    expect(recorded.told).toEqual(['opened', { kind: 'refused', errors: ERRORS }]);
  });

  test('that is given up is unknown from then on, and nothing is told of it any more', async () => {
    const recorded = await listen();
    recorded.giveUp();
    expect((await subgraph.say({ action: 'next', payload: { data: {} } })).status).toBe(404);
    expect(recorded.told).toEqual(['opened']);
    await nothingLeft();
  });

  test('is lost when close() is called, which leaves nothing', async () => {
    const recorded = await listen();
    await gateway.upstream.close();
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the gateway is closing' });
    expect(await check()).toBe(404);
    await nothingLeft();
  });

  test('has an id and a verifier of its own', async () => {
    await listen();
    const first = subgraph.asked();
    await listen();
    expect(subgraph.asked().subscriptionId).not.toBe(first.subscriptionId);
    expect(subgraph.asked().verifier).not.toBe(first.verifier);
    const mixed = { ...first, id: first.subscriptionId, kind: 'subscription', action: 'check' };
    const crossed = await post(first.callbackUrl, JSON.stringify({ ...mixed, verifier: subgraph.asked().verifier }));
    expect(crossed.status).toBe(400);
  });

  test('is told a callback URL below what the gateway is reached by', async () => {
    await gatewayWith({ publicUrl: 'https://gateway.example/behind/', path: '/live/', heartbeat: 0 });
    await subgraphThat(() => {});
    const recorded = record(gateway.upstream, saidAt(subgraph.url, 'news'));
    await until('the request', () => subgraph.requests.length === 1);
    const { callbackUrl, subscriptionId, heartbeatIntervalMs } = subgraph.asked();
    expect(callbackUrl).toBe(`https://gateway.example/behind/live/${subscriptionId}`);
    expect(heartbeatIntervalMs).toBe(0);
    recorded.giveUp();
  });
});

describe('a callback', () => {
  test.each<[string, Record<string, unknown>, number]>([
    ['a wrong verifier', { action: 'next', verifier: 'x'.repeat(43), payload: { data: {} } }, 400],
    ['a shorter verifier', { action: 'next', verifier: '', payload: { data: {} } }, 400],
    ['no verifier', { action: 'next', verifier: undefined, payload: { data: {} } }, 400],
    ['the id of another', { action: 'next', id: '0'.repeat(32), payload: { data: {} } }, 400],
    ['another kind', { action: 'next', kind: 'query', payload: { data: {} } }, 400],
    ['an action that is none', { action: 'subscribe' }, 400],
    ['an event that is no object', { action: 'next', payload: [] }, 400],
    ['no event', { action: 'next' }, 400],
    ['errors that are no list', { action: 'complete', errors: {} }, 400],
    ['more than is read', { action: 'next', payload: { data: 'x'.repeat(1_048_576) } }, 413],
  ])('with %s is not taken, and ends nothing', async (_, message, status) => {
    const recorded = await listen();
    expect((await subgraph.say(message)).status).toBe(status);
    expect(recorded.told).toEqual(['opened']);
    expect(await check()).toBe(204);
  });

  test('of more than is read is not taken either when it does not say how long it is', async () => {
    const recorded = await listen();
    const { subscriptionId: id, verifier, callbackUrl } = subgraph.asked();
    const start = JSON.stringify({ kind: 'subscription', action: 'next', id, verifier }).slice(0, -1);
    const text = `${start},"payload":{"data":"${'x'.repeat(1_048_576)}"}}`;
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(text));
        controller.close();
      },
    });
    const init = { method: 'POST', body, duplex: 'half' } as const;
    // The connection may end before the answer can be read.
    expect(
      await fetch(callbackUrl, init).then(
        ({ status }) => status,
        () => 413,
      ),
    ).toBe(413);
    expect(recorded.told).toEqual(['opened']);
    expect(await check()).toBe(204);
  });

  test.each(['', 'secret', '[]', 'null'])('of %j is answered 400', async (body) => {
    await listen();
    expect((await post(subgraph.asked().callbackUrl, body)).status).toBe(400);
  });

  test('for an id that is not known is answered 404', async () => {
    await listen();
    for (const id of ['', '0'.repeat(32), `${subgraph.asked().subscriptionId}/x`, '%ff', '__proto__']) {
      expect((await post(`${gateway.url}/callbacks/subscriptions/${id}`, '{}')).status).toBe(404);
    }
  });

  test('comes by POST', async () => {
    await listen();
    const answer = await fetch(subgraph.asked().callbackUrl);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('does not come to other paths: those are left to the gateway', async () => {
    for (const path of ['/graphql', '/callbacks/subscriptions', '/callbacks', '/x/callbacks/subscriptions/1']) {
      expect((await post(gateway.url + path, '{}')).status).toBe(418);
    }
  });
});

describe('a heartbeat', () => {
  test('that does not come twice loses the subscription', async () => {
    await gatewayWith({ heartbeat: 100 });
    const recorded = await listen();
    expect(subgraph.asked().heartbeatIntervalMs).toBe(100);
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'two heartbeats are missing' });
    expect(await check()).toBe(404);
    await nothingLeft();
  });

  test.each<[string, () => Record<string, unknown>]>([
    ['check', () => ({ action: 'check' })],
    ['heartbeat', () => ({ action: 'heartbeat', ids: [subgraph.asked().subscriptionId] })],
    ['next', () => ({ action: 'next', payload: { data: {} } })],
  ])('may be any message: %s', async (_, message) => {
    await gatewayWith({ heartbeat: 400 });
    const recorded = await listen();
    // Longer than any of them alone would keep it.
    for (let time = 0; time < 400 * 4; time += 200) {
      expect((await subgraph.say(message())).status).toBe(204);
      await sleep(200);
    }
    expect(recorded.told.filter((one) => one !== 'opened' && 'kind' in one)).toEqual([]);
  });
});

function answers(status: number, body: string) {
  return ({ response }: ScriptedRequest) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

describe('a subgraph that does not take it on', () => {
  test.each([200, 400])("refuses it by errors with status %i, which are the subgraph's own", async (status) => {
    await subgraphThat(answers(status, JSON.stringify({ data: null, errors: ERRORS })));
    const recorded = record(gateway.upstream, saidAt(subgraph.url, 'news'));
    await recorded.end();
    expect(recorded.told).toEqual([{ kind: 'refused', errors: ERRORS }]);
    expect(await check()).toBe(404);
    await nothingLeft();
  });

  test.each<[string, (request: ScriptedRequest) => void, string]>([
    [
      'it cannot reach the gateway',
      answers(500, JSON.stringify({ errors: ERRORS })),
      'it was answered with status 500',
    ],
    ['it does not know the protocol', answers(406, 'secret'), 'it was answered with status 406'],
    ['it did not check', answers(200, '{"data":null}'), 'it was accepted without a `check`'],
    ['it hangs up', ({ response }) => void response.destroy(), 'the connection failed (UND_ERR_SOCKET)'],
  ])('loses it when %s', async (_, answer, reason) => {
    await subgraphThat(answer);
    const recorded = record(gateway.upstream, saidAt(subgraph.url, 'news'));
    expect(await recorded.end()).toEqual({ kind: 'lost', reason });
    await nothingLeft();
  });

  test('in time loses it', async () => {
    await gatewayWith({ connectTimeout: 100 });
    await subgraphThat(() => {});
    const recorded = record(gateway.upstream, saidAt(subgraph.url, 'news'));
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'no answer within 100 ms' });
    await nothingLeft();
  });

  test('because nobody listens there loses it', async () => {
    const recorded = record(gateway.upstream, saidAt(`http://127.0.0.1:${await freePort()}/graphql`, 'news'));
    expect(await recorded.end()).toEqual({ kind: 'lost', reason: 'the connection failed (ECONNREFUSED)' });
    await nothingLeft();
  });
});

test('a subscription that is given up before the subgraph has answered is never told of', async () => {
  await subgraphThat(() => {});
  const recorded = record(gateway.upstream, saidAt(subgraph.url, 'news'));
  await until('the request', () => subgraph.requests.length === 1);
  recorded.giveUp();
  expect(await check()).toBe(404);
  await nothingLeft();
  expect(recorded.told).toEqual([]);
});

test.each<[string, Partial<CallbackOptions>]>([
  ['publicUrl takes an http or https URL', { publicUrl: 'gateway:4000' }],
  ['publicUrl takes an http or https URL', { publicUrl: 'https://user:secret@gateway.example' }],
  ['path is "live"; it takes the path of a URL', { path: 'live' }],
  ['heartbeat is -1; it takes a whole number from 0', { heartbeat: -1 }],
  ['connectTimeout is 0; it takes a whole number from 1', { connectTimeout: 0 }],
])('a wrong option is named when it is made, and no secret: %s', (message, options) => {
  const make = () => callbackUpstream({ publicUrl: 'http://127.0.0.1:4000', ...options });
  expect(make).toThrow(`callbackUpstream: ${message}`);
  expect(make).not.toThrow('secret');
});
