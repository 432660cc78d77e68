import { defineConfig } from '@graphql-hive/gateway';

const { SUPERGRAPH_FILE = '', RATE_LIMITING, REDIS_URL = '' } = process.env;

/** The stock gateway, with its own limiter in Redis or without. */
export const gatewayConfig = defineConfig({
  supergraph: SUPERGRAPH_FILE,
  ...(RATE_LIMITING === 'on' && {
    cache: { type: 'redis', url: REDIS_URL },
    rateLimiting: [{ type: 'Query', field: 'product', max: 1_000_000, ttl: 1_000, identifier: 'somebody' }],
  }),
});
