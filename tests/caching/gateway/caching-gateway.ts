import { Webhook } from 'standardwebhooks';
import type { CacheStatus, Invalidation } from '../../../plugins/caching/index.ts';
import { startGateway, type GatewayOptions, type TestGateway } from '../../harness/gateway.ts';
import { freePort } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { ask } from './ask.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 'a secret of a test').toString('base64')}`;

/** A running gateway that takes cache webhooks and tells how its cache stands. */
export interface CachingGateway extends TestGateway {
  cache(): Promise<CacheStatus>;
}

/** Resolves when it hears what others invalidate. */
export async function startCachingGateway(
  redisUrl: string,
  subgraphs: GatewayOptions['subgraphs'],
): Promise<CachingGateway> {
  const adminPort = await freePort();
  const env = { REDIS_URL: redisUrl, WEBHOOK_SECRET: SECRET, ADMIN_PORT: String(adminPort) };
  const gateway: CachingGateway = {
    ...(await startGateway({ subgraphs, env })),
    async cache() {
      const response = await fetch(`http://127.0.0.1:${adminPort}/status`);
      return ((await response.json()) as { cache: CacheStatus }).cache;
    },
  };
  await ask(gateway, '{ product(id: "none") { id } }');
  await linked([gateway]);
  return gateway;
}

/** Waits until each hears all others, and all have heard what each has had to tell. */
export async function linked(gateways: readonly CachingGateway[]): Promise<void> {
  await until('the gateways to hear each other', async () => {
    const all = await Promise.all(gateways.map((gateway) => gateway.cache()));
    return all.every(({ l2, undelivered }) => l2 === 'linked' && undelivered === 0);
  });
}

export interface Delivery {
  readonly body: string;
  readonly id?: string;
  readonly secret?: string;
  readonly at?: Date;
}

let deliveries = 0;

/** Sends what is signed, as a sender does that uses the library of the specification. */
export async function deliver(
  { url }: Pick<TestGateway, 'url'>,
  { body, id = `msg_${process.pid}_${++deliveries}`, secret = SECRET, at = new Date() }: Delivery,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/webhooks/cache`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body,
  });
  return { status: response.status, body: await response.json() };
}

export function invalidate(
  gateway: Pick<TestGateway, 'url'>,
  ...invalidations: readonly Invalidation[]
): Promise<{ status: number; body: unknown }> {
  return deliver(gateway, { body: JSON.stringify({ invalidate: invalidations }) });
}
