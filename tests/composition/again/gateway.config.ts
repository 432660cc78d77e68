import { defineConfig, type GatewayPlugin } from '@graphql-hive/gateway';
import { gatewayConfig as usual } from '../../../gateway.config.ts';

// The repository's own, and a plugin that ends operations as the gateway does when it takes down their engine: as often as the
// client says.

const ABORTED = { errors: [{ message: 'aborted', extensions: { code: 'SCHEMA_RELOAD' } }] };

const useReloads = (): GatewayPlugin => {
  const executed = new Map<string, number>();
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const { request } = args.contextValue as { request: Request };
      const id = request.headers.get('x-request-id') ?? '';
      const times = (executed.get(id) ?? 0) + 1;
      executed.set(id, times);
      if (times <= Number(request.headers.get('x-reloads'))) setResultAndStopExecution(ABORTED);
    },
    onResponse({ request, response }) {
      const times = executed.get(request.headers.get('x-request-id') ?? '');
      if (times !== undefined) response.headers.set('x-executed', String(times));
    },
  };
};

export const gatewayConfig = defineConfig({
  ...usual,
  plugins: (context) => [...(usual.plugins?.(context) ?? []), useReloads()],
} as Parameters<typeof defineConfig>[0]);
