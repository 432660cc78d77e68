import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { accounts } from '../../subgraphs/accounts/index.ts';
import { inventory } from '../../subgraphs/inventory/index.ts';
import { products } from '../../subgraphs/products/index.ts';
import { reviews } from '../../subgraphs/reviews/index.ts';
import {
  cacheWebhook,
  cacheWebhookFromEnvironment,
  type CacheWebhookOptions,
} from '../../subgraphs/server/cache-webhook.ts';
import { serve, type RunningSubgraph, type Subgraph } from '../../subgraphs/server/index.ts';
import { until } from '../harness/until.ts';
import { ask, codesOf, dataOf } from './ask.ts';

const SECRET = `whsec_${Buffer.from('of these tests, and of nothing else').toString('base64')}`;
const SET_STOCK = 'mutation { setStock(upc: "1", quantity: 7) { stock } }';
const STOCK_IS_SET = { setStock: { stock: 7 } };

interface Delivery {
  readonly id: string;
  readonly body: unknown;
}

type Answer = (response: ServerResponse, delivery: Delivery) => unknown;

const closables: { close: () => unknown }[] = [];
afterEach(async () => {
  await Promise.all(closables.splice(0).map((closable) => closable.close()));
});

/** Takes webhooks as a gateway does; throws for one that does not verify, which nobody answers then. */
async function receiver(answer: Answer = status(200)): Promise<{ url: string; deliveries: Delivery[] }> {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      expect(request.method).toBe('POST');
      const delivery = { id: String(request.headers['webhook-id']), body: verified(body, request.headers) };
      deliveries.push(delivery);
      return answer(response, delivery);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closables.push({ close: () => (server.closeAllConnections(), server.close()) });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/cache`, deliveries };
}

const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end('{}');

const verified = (body: string, headers: IncomingHttpHeaders): unknown =>
  new Webhook(SECRET).verify(body, headers as Record<string, string>);

/** Serves a subgraph that tells of its changes; what it logs is gathered. */
async function served(
  subgraph: Subgraph,
  options: Omit<CacheWebhookOptions, 'secret' | 'log'>,
): Promise<{ subgraph: RunningSubgraph; lines: string[] }> {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const running = await serve(subgraph, { port: 0, cacheWebhook: { secret: SECRET, log, ...options } });
  closables.push(running);
  return { subgraph: running, lines };
}

async function unusedUrl(): Promise<string> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `http://127.0.0.1:${port}/webhooks/cache`;
}

const entity = (type: string, key: Record<string, string>) => ({ kind: 'entity', type, key });

describe('when a mutation answers, the gateway has been told what it changed', () => {
  test.each([
    ['accounts', accounts, 'updateUser(id: "1", input: { name: "Ada Berg" }) { id }', [entity('User', { id: '1' })]],
    ['products', products, 'updateProduct(upc: "2", input: { price: 1 }) { upc }', [entity('Product', { upc: '2' })]],
    ['inventory', inventory, 'setStock(upc: "3", quantity: 7) { upc }', [entity('Product', { upc: '3' })]],
    [
      'reviews',
      reviews,
      'createReview(input: { upc: "4", authorId: "5", rating: 1, body: "Too small." }) { body }',
      [entity('Product', { upc: '4' }), entity('User', { id: '5' })],
    ],
  ])('%s', async (_, make, mutation, invalidate) => {
    const { url, deliveries } = await receiver();
    const { subgraph, lines } = await served(make(), { url });
    await dataOf(ask(subgraph.url, `mutation { ${mutation} }`));
    expect(deliveries).toEqual([{ id: expect.stringMatching(/^msg_/), body: { invalidate } }]);
    expect(lines).toEqual([]);
  });

  test('over a WebSocket as well', async () => {
    const { url, deliveries } = await receiver();
    const { subgraph } = await served(inventory(), { url });
    const client = createClient({ url: subgraph.url.replace('http', 'ws'), webSocketImpl: WebSocket });
    closables.push({ close: () => client.dispose() });
    expect((await client.iterate({ query: SET_STOCK }).next()).value).toEqual({ data: STOCK_IS_SET });
    expect(deliveries).toHaveLength(1);
  });

  test('and could ask for it already', async () => {
    const order: unknown[] = [];
    const { url } = await receiver(async (response) => {
      const query = 'query ($by: [_Any!]!) { _entities(representations: $by) { ... on Product { stock } } }';
      order.push(await dataOf(ask(subgraph.url, query, { by: [{ __typename: 'Product', upc: '1' }] })));
      response.end();
    });
    const { subgraph } = await served(inventory(), { url });
    order.push(await dataOf(ask(subgraph.url, SET_STOCK)));
    expect(order).toEqual([{ _entities: [{ stock: 7 }] }, STOCK_IS_SET]);
  });

  test('each time with an id that no other webhook has', async () => {
    const { url, deliveries } = await receiver();
    const { subgraph } = await served(inventory(), { url });
    await Promise.all([1, 2, 3].map(() => ask(subgraph.url, SET_STOCK)));
    expect(new Set(deliveries.map(({ id }) => id)).size).toBe(3);
  });
});

test('a mutation that is refused, and a query, tell of no change', async () => {
  const { url, deliveries } = await receiver();
  const { subgraph } = await served(inventory(), { url });
  expect(await codesOf(ask(subgraph.url, 'mutation { setStock(upc: "0", quantity: 1) { upc } }'))).toEqual([
    'NOT_FOUND',
  ]);
  await dataOf(ask(subgraph.url, '{ lowStock { upc } }'));
  expect(deliveries).toEqual([]);
});

describe('a mutation answers with its data', () => {
  test('while nobody listens, and the log says so', async () => {
    const { subgraph, lines } = await served(inventory(), { url: await unusedUrl(), retryAfter: [] });
    expect(await dataOf(ask(subgraph.url, SET_STOCK))).toEqual(STOCK_IS_SET);
    await until('both lines', () => lines.length === 2);
    expect(lines).toEqual([
      expect.stringMatching(/^The cache webhook msg_\S+ failed: ECONNREFUSED; it is tried again\.$/),
      expect.stringMatching(/^The cache webhook msg_\S+ could not be delivered: ECONNREFUSED\.$/),
    ]);
  });

  test('within a second or so, though the gateway does not answer', async () => {
    const held: ServerResponse[] = [];
    const { url } = await receiver((response) => held.push(response));
    const { subgraph, lines } = await served(inventory(), { url });
    const start = performance.now();
    expect(await dataOf(ask(subgraph.url, SET_STOCK))).toEqual(STOCK_IS_SET);
    expect(performance.now() - start).toBeLessThan(2_500);
    expect(held.map(({ writableEnded }) => writableEnded)).toEqual([false]);
    expect(lines).toEqual([expect.stringContaining('failed: no answer within 1000 ms; it is tried again.')]);
  });

  test.each([400, 401, 404, 413])('though the gateway refuses with %i, which is not tried again', async (code) => {
    const { url, deliveries } = await receiver(status(code));
    const { subgraph, lines } = await served(inventory(), { url, retryAfter: [0] });
    expect(await dataOf(ask(subgraph.url, SET_STOCK))).toEqual(STOCK_IS_SET);
    expect(lines).toEqual([expect.stringContaining(`failed: status ${code}; it is not tried again.`)]);
    expect(deliveries).toHaveLength(1);
  });
});

describe('a webhook that fails', () => {
  test('is tried again under its id until it is delivered, each time signed anew', async () => {
    const { url, deliveries } = await receiver((response) =>
      response.writeHead(deliveries.length < 3 ? 503 : 200).end(),
    );
    const { subgraph, lines } = await served(inventory(), { url, retryAfter: [1, 1, 1, 1] });
    await dataOf(ask(subgraph.url, SET_STOCK));
    await until('the third attempt', () => deliveries.length === 3);
    await dataOf(ask(subgraph.url, SET_STOCK));
    expect(deliveries).toHaveLength(4);
    const [first, second, third, other] = deliveries;
    expect([second, third]).toEqual([first, first]);
    expect(other?.id).not.toBe(first?.id);
    expect(lines).toEqual([expect.stringContaining('failed: status 503; it is tried again.')]);
  });

  test('is given up after the last attempt, and the log, which holds no secret, says so', async () => {
    const { url, deliveries } = await receiver(status(500));
    const { subgraph, lines } = await served(inventory(), { url, retryAfter: [1, 1] });
    await dataOf(ask(subgraph.url, SET_STOCK));
    await until('the last line', () => lines.length === 2);
    expect(deliveries).toHaveLength(3);
    expect(lines[1]).toBe(`The cache webhook ${deliveries[0]?.id} could not be delivered: status 500.`);
    expect(lines.join()).not.toContain(SECRET.slice('whsec_'.length));
  });

  test('only for its answer, counts as delivered when the gateway says that it has seen the id', async () => {
    const { url, deliveries } = await receiver((response) => deliveries.length > 1 && response.writeHead(401).end());
    const { subgraph, lines } = await served(inventory(), { url, retryAfter: [1, 60_000] });
    await dataOf(ask(subgraph.url, SET_STOCK));
    await until('the second attempt', () => deliveries.length === 2);
    expect(deliveries[1]).toEqual(deliveries[0]);
    // The gateway is asked once more, and by then has been heard.
    await dataOf(ask(subgraph.url, SET_STOCK));
    expect(lines).toEqual([
      expect.stringContaining('no answer within'),
      expect.stringContaining('failed: status 401; it is not tried again.'),
    ]);
  });

  test('is not tried again beside a hundred others', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const webhook = cacheWebhook({ url: await unusedUrl(), secret: SECRET, retryAfter: [60_000], log });
    closables.push(webhook);
    await Promise.all(Array.from({ length: 103 }, () => webhook.changed({ type: 'User', key: { id: '1' } })));
    expect(lines.filter((line) => line.endsWith('it is tried again.'))).toHaveLength(100);
    expect(lines.filter((line) => line.endsWith('it is not tried again.'))).toHaveLength(3);
  });

  test('is left when the subgraph closes, which waits for nothing', async () => {
    const held: ServerResponse[] = [];
    const { url } = await receiver((response) => held.push(response));
    const { subgraph, lines } = await served(inventory(), { url });
    const answer = ask(subgraph.url, SET_STOCK).catch(() => undefined);
    const response = await until('the webhook', () => held[0]);
    await Promise.all([subgraph.close(), once(response, 'close'), answer]);
    expect(lines).toEqual([]);
  });
});

describe('the environment', () => {
  const url = 'http://127.0.0.1:4000/webhooks/cache';

  test.each([
    {},
    { CACHE_WEBHOOK_URL: url },
    { WEBHOOK_SECRET: SECRET },
    { CACHE_WEBHOOK_URL: url, WEBHOOK_SECRET: '' },
    { CACHE_WEBHOOK_URL: '', WEBHOOK_SECRET: SECRET },
  ])('without both variables nobody is told: %o', (env) => {
    expect(cacheWebhookFromEnvironment(env)).toBeUndefined();
  });

  test('is what a subgraph that runs as its own process goes by', async () => {
    const { url: CACHE_WEBHOOK_URL, deliveries } = await receiver();
    const child = spawnInventory({ CACHE_WEBHOOK_URL, WEBHOOK_SECRET: SECRET });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    await dataOf(ask(line.toString().trim().split(' ')[1] ?? '', SET_STOCK));
    expect(deliveries).toHaveLength(1);
  });

  test.each([
    [{ CACHE_WEBHOOK_URL: 'gateway:4000' }, 'CACHE_WEBHOOK_URL takes an http:// or https:// URL'],
    [{ CACHE_WEBHOOK_URL: 'http://a:b@127.0.0.1/' }, 'CACHE_WEBHOOK_URL takes an http:// or https:// URL'],
    [{ WEBHOOK_SECRET: 'not base64!' }, 'WEBHOOK_SECRET takes a secret in base64'],
  ])('stops the start when it is wrong: %o', async (wrong, message) => {
    const child = spawnInventory({ CACHE_WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET, ...wrong });
    const said = text(child.stderr);
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(await said).toContain(message);
    for (const value of Object.values(wrong)) expect(await said).not.toContain(value);
  });

  function spawnInventory(env: Record<string, string>) {
    const child = spawn(process.execPath, ['subgraphs/inventory/index.ts'], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      env: { ...process.env, PORT: '0', HOST: '127.0.0.1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    closables.push({ close: () => child.kill('SIGKILL') });
    return child;
  }
});
