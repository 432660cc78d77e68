import { defineConfig } from '@graphql-hive/gateway';
import { gatewayConfig as usual } from '../../gateway.config.ts';
import { useCrossOrigin } from '../../plugins/cross-origin/index.ts';

// The repository's own gateway with options that a test chooses: CROSS_ORIGIN is JSON.

export const gatewayConfig = defineConfig({
  ...usual,
  cors: false,
  plugins: (context) => [
    ...(usual.plugins?.(context) ?? []),
    useCrossOrigin(JSON.parse(process.env.CROSS_ORIGIN ?? '{}')),
  ],
} as Parameters<typeof defineConfig>[0]);
