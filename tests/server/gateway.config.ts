import { defineConfig, type GatewayPlugin } from '@graphql-hive/gateway';
import { gatewayConfig as usual } from '../authentication/gateway/gateway.config.ts';

// Shows subgraphs what `context.headers` holds, which plugins and `propagateHeaders` rely on.

const useShownHeaders: GatewayPlugin = {
  onSubgraphExecute({ executor, setExecutor }) {
    setExecutor((request) => {
      const { headers } = request.context as { headers?: Record<string, unknown> };
      const shown = Buffer.from(JSON.stringify(headers ?? {})).toString('base64url');
      return executor({ ...request, extensions: { ...request.extensions, headers: { 'x-context': shown } } });
    });
  },
};

export const gatewayConfig = defineConfig({
  ...usual,
  plugins: (context) => [...(usual.plugins?.(context) ?? []), useShownHeaders],
} as Parameters<typeof defineConfig>[0]);
