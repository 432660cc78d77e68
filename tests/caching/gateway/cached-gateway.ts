import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { startRedis, type RedisServer } from '../../harness/redis.ts';
import { startCachedFederation, type CachedFederation } from './cached-federation.ts';

/** The repository's own gateway on a Redis, before subgraphs whose data can change. */
export interface CachedGateway extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly federation: CachedFederation;
}

export async function startCachedGateway(): Promise<CachedGateway> {
  const [federation, redis] = await Promise.all([startCachedFederation(), startRedis()]);
  try {
    const gateway = await startGateway({ subgraphs: federation.all, env: { REDIS_URL: redis.url } });
    return {
      gateway,
      federation,
      async [Symbol.asyncDispose]() {
        await gateway[Symbol.asyncDispose]();
        await end(federation, redis);
      },
    };
  } catch (error) {
    await end(federation, redis);
    throw error;
  }
}

async function end(federation: CachedFederation, redis: RedisServer): Promise<void> {
  await redis.close();
  await federation[Symbol.asyncDispose]();
}
