import { defineConfig } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

/** The stock gateway with router-runtime as its engine, and no plugin of ours. */
export const gatewayConfig = defineConfig({ supergraph: process.env.SUPERGRAPH_FILE ?? '', unifiedGraphHandler });
