import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../../tests/harness/redis.ts';
import { startChild, type Child } from '../subscriptions/child.ts';
import type { ClientsCommand } from './clients.ts';
import type { SubgraphsCommand } from './subgraphs.ts';

/** What gateways stand on that are to agree. */
export interface Ground extends AsyncDisposable {
  readonly clients: Child<ClientsCommand>;
  readonly subgraphs: Child<SubgraphsCommand>;
  /** Of webhooks. */
  readonly secret: string;
  /** For audit logs. */
  readonly directory: string;
  /** Of each gateway. */
  readonly env: Readonly<Record<string, string>>;
}

export const CONFIG = new URL('gateway.config.ts', import.meta.url);

export async function startGround(): Promise<Ground> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-scale-'));
  started.defer(() => rm(directory, { recursive: true, force: true }));
  const clients = started.use(startChild<ClientsCommand>(new URL('clients.ts', import.meta.url).href));
  const subgraphs = started.use(startChild<SubgraphsCommand>(new URL('subgraphs.ts', import.meta.url).href));
  const redis = await startRedis();
  started.defer(() => redis.close());
  const list = await subgraphs.ask<readonly { name: string; url: string }[]>({ do: 'start' });
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const env = {
    SUBGRAPHS: list.map(({ name, url }) => `${name}=${url}`).join(','),
    REDIS_URL: redis.url,
    WEBHOOK_SECRET: secret,
    ADMIN_PORT: '0',
  };
  const stop = started.move();
  return { clients, subgraphs, secret, directory, env, [Symbol.asyncDispose]: () => stop.disposeAsync() };
}
