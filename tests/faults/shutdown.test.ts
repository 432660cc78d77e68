import { Agent, request } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { openClient } from '../subscriptions/gateway/transports.ts';
import { startSurroundings, type Surroundings } from './whole/surroundings.ts';
import { startWholeGateway, type WholeGateway } from './whole/whole-gateway.ts';

// A whole gateway that is told to end (SIGTERM) while clients ask it.

const CLIENTS = 8;
const SUBSCRIBERS = 6;
const EVENT_INTERVAL_MS = 20;
/** ms that subgraphs take: at any moment, some requests are under way. */
const LATENCY = 60;
/** ms; sockets are closed over `drainTimeout`, 5,000. */
const WINDOW_MS = 8_000;

let around: Surroundings;
let redis: RedisServer;
let gateway: WholeGateway;
let stopped: Stopped;

beforeAll(async () => {
  [around, redis] = await Promise.all([startSurroundings(), startRedis()]);
  gateway = await startWholeGateway(around, { redisUrl: redis.url });
  stopped = await stopUnderLoad();
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await Promise.all([around?.[Symbol.asyncDispose](), redis?.close()]);
});

const QUERIES = [
  // From the cache, at the front door.
  { query: '{ product(id: "1") { id price stock } }' },
  { query: '{ product(id: "2") { id price exact } }' },
  { query: 'mutation { setPriceOnly(id: "3", price: 5) }' },
];

interface Asked {
  readonly id: string;
  readonly askedAt: number;
  readonly connection: 'kept' | 'new';
  /** Refused: there was nobody to connect to, so nothing was accepted. */
  readonly outcome: 'answered' | 'refused' | 'failed';
  readonly detail: string;
}

/** One request, down to its socket. */
function ask(agent: Agent | false, body: string, authorization: string): Promise<Asked> {
  const askedAt = performance.now();
  const connection = agent ? 'kept' : 'new';
  const id = randomUUID();
  return new Promise((resolve) => {
    const settle = (outcome: Asked['outcome'], detail: string): void =>
      resolve({ id, askedAt, connection, outcome, detail });
    const asking = request(`${gateway.url}/graphql`, {
      agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        accept: 'application/graphql-response+json',
        authorization,
        'x-request-id': id,
      },
    });
    asking.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('close', () => {
        const isWell = response.complete && response.statusCode === 200 && !text.includes('"errors"');
        settle(isWell ? 'answered' : 'failed', `${response.statusCode} ${text} ${response.complete}`);
      });
      response.on('error', () => {});
    });
    asking.on('error', (error: NodeJS.ErrnoException) => {
      const phase = asking.reusedSocket ? 'on a kept connection' : 'on a new connection';
      settle(error.code === 'ECONNREFUSED' ? 'refused' : 'failed', `${error.code}: ${error.message} ${phase}`);
    });
    asking.end(body);
  });
}

interface Stopped {
  readonly asked: readonly Asked[];
  /** What each WebSocket was told. */
  readonly ends: readonly string[];
  readonly exitCode: number | null;
  /** ms from the signal to the end. */
  readonly took: number;
}

async function stopUnderLoad(): Promise<Stopped> {
  around.federation.delay(() => sleep(LATENCY));
  const authorization = `Bearer ${await around.provider.sign({ sub: 'ada' })}`;
  const subscribers = Array.from({ length: SUBSCRIBERS }, () =>
    openClient('ws', gateway.url, 'subscription { priceChanged { id amount } }', { authorization }),
  );
  await until('the subscriptions', async () => {
    const { subscriptions } = await gateway.page();
    return subscriptions.subscriptions === SUBSCRIBERS;
  });
  const publishing = setInterval(() => around.prices.publish('a', { id: '1', amount: 1 }), EVENT_INTERVAL_MS);

  const asked: Asked[] = [];
  const agents: Agent[] = [];
  let isOver = false;
  async function client(index: number): Promise<void> {
    // Half of them keep one connection, half open a new one for each request.
    const agent = index % 2 === 0 && new Agent({ keepAlive: true, maxSockets: 1 });
    if (agent) agents.push(agent);
    for (let count = index; !isOver; count++) {
      const one = await ask(agent, JSON.stringify(QUERIES[count % QUERIES.length]), authorization);
      asked.push(one);
      await sleep(one.outcome === 'refused' ? 50 : Math.random() * 20);
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, index) => client(index));
  await until('answers', () => asked.length > CLIENTS * 20);

  const toldAt = performance.now();
  const exitCode = await gateway.stop();
  const took = performance.now() - toldAt;
  isOver = true;
  await Promise.all(clients);
  clearInterval(publishing);
  for (const agent of agents) agent.destroy();
  await until('the sockets to be closed', () => subscribers.every(({ ends }) => ends.length > 0));
  return { asked, ends: subscribers.flatMap(({ ends }) => ends), exitCode, took };
}

/**
 * Those that were accepted, which the audit log tells: when a listener closes, the system resets connections that nobody
 * has accepted yet.
 */
async function failed(): Promise<readonly Asked[]> {
  const records = await gateway.auditText();
  return stopped.asked.filter(
    ({ id, connection, outcome }) => outcome === 'failed' && (connection === 'kept' || records.includes(id)),
  );
}

test(`told to end under load, it ends within ${WINDOW_MS} ms with exit code 0, and its audit log is whole`, async () => {
  expect(stopped.exitCode).toBe(0);
  expect(stopped.took).toBeLessThan(WINDOW_MS);
  expect(await gateway.verifyAudit('--expect-closed')).toMatchObject({ code: 0, stderr: '' });
});

test('told to end under load, it closes every WebSocket with 1001', () => {
  expect(stopped.ends).toEqual(Array.from({ length: SUBSCRIBERS }, () => 'closed 1001'));
});

test('told to end under load, it answers all that it accepted', async () => {
  expect(stopped.asked.some((one) => one.outcome === 'answered')).toBe(true);
  expect(await failed()).toEqual([]);
});
