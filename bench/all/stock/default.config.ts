import { defineConfig } from '@graphql-hive/gateway';

/** The stock gateway with its default engine. */
export const gatewayConfig = defineConfig({ supergraph: process.env.SUPERGRAPH_FILE ?? '' });
