import { defineConfig } from '@graphql-hive/gateway';
import { openMemoryProbe } from './memory-probe.ts';

openMemoryProbe();

/** The stock gateway with its default engine, and subscriptions over WebSocket on both sides. */
export const gatewayConfig = defineConfig({
  supergraph: process.env.SUPERGRAPH_FILE ?? '',
  transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws', location: '/graphql' } } } },
});
