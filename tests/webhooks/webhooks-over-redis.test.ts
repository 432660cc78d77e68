import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRedis, type SharedStore } from '../../plugins/redis/index.ts';
import { webhookReceiver, type Delivery } from '../../plugins/webhooks/index.ts';
import { startRedis, type RedisServer } from '../harness/redis.ts';
import { delivery, SECRET } from './deliveries.ts';

const WAIT = { timeout: 15_000, interval: 20 };
const log = { info: () => {}, warn: () => {}, error: () => {} };

let server: RedisServer;
let stores: SharedStore[];
let gateways: ((request: Request) => Promise<Delivery>)[];
beforeAll(async () => {
  server = await startRedis();
  stores = [0, 1, 2].map(() => connectRedis({ url: server.url, commandTimeoutMs: 1000, log }));
  gateways = stores.map((redis) => webhookReceiver({ secret: SECRET, redis }));
});
afterAll(async () => {
  await Promise.all((stores ?? []).map((store) => store.close()));
  await server?.close();
});

it('one of several gateways accepts a delivery that reaches all of them at once', async () => {
  const results = await Promise.all([...gateways, ...gateways].map((receive) => receive(delivery({ id: 'all' }))));
  expect(results.filter(({ accepted }) => accepted)).toHaveLength(1);
});

it('a delivery refused because Redis hung is accepted when the sender tries again', async () => {
  const [one, other] = gateways;
  if (one === undefined || other === undefined) throw new Error('two gateways are needed');
  await Promise.all([one(delivery({ id: 'warm 1' })), other(delivery({ id: 'warm 2' }))]);
  server.pause();
  expect(await one(delivery({ id: 'hung' }))).toMatchObject({ accepted: false, response: { status: 503 } });
  server.resume();
  await expect
    .poll(async () => {
      const result = await other(delivery({ id: 'hung' }));
      return result.accepted || result.response;
    }, WAIT)
    .toBe(true);
});
