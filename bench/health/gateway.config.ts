import { defineConfig, type GatewayPlugin } from '@graphql-hive/gateway';
import { gatewayConfig as usual } from '../../gateway.config.ts';
import { onGatewayServer } from '../../plugins/cli/http-server.ts';

// The repository's own gateway, with two routes beside it that do nothing: one that Node's server answers at once, and one
// in the pipeline of requests.

const useRoutes: GatewayPlugin = {
  onYogaInit() {
    onGatewayServer(({ answerFirst }) =>
      answerFirst(({ url }, response) => {
        if (url !== '/bare') return false;
        response.end('{}');
        return true;
      }),
    );
  },
  onRequest({ url, fetchAPI, endResponse }) {
    if (url.pathname === '/pipeline') endResponse(fetchAPI.Response.json({}));
  },
};

export const gatewayConfig = defineConfig({
  ...usual,
  plugins: (context) => [...(usual.plugins?.(context) ?? []), useRoutes],
} as Parameters<typeof defineConfig>[0]);
