import { defineConfig } from '@graphql-hive/gateway';

const HOUR = 3_600_000;

/** The stock gateway's own holds a thousand entries, and a response of so many entities takes as many and is never found. */
const kept = new Map<string, unknown>();

/** The stock gateway with its default engine and its own cache of whole responses, in as much memory as it likes. */
export const gatewayConfig = defineConfig({
  supergraph: process.env['SUPERGRAPH_FILE'] ?? '',
  responseCaching: { session: () => null, ttl: HOUR },
  cache: {
    get: (key) => kept.get(key) as never,
    set: (key, value) => void kept.set(key, value),
    delete: (key) => kept.delete(key),
    getKeysByPrefix: (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)),
  },
});
