import { defineConfig, type GatewayPlugin } from '@graphql-hive/gateway';
import { gatewayConfig as usual } from '../../../gateway.config.ts';

// The repository's own, and a plugin that has all hooks and tells the client which of them ran, and what it could read.

const ran = new WeakMap<Request, string[]>();

function note(request: Request | undefined, what: string): void {
  if (request) ran.get(request)?.push(what);
}

const useProbe = (): GatewayPlugin => ({
  onRequest({ request, url, serverContext, endResponse, fetchAPI }) {
    const { req, res } = serverContext as { req?: object; res?: object };
    ran.set(request, [`onRequest ${request.method} ${url.pathname}${url.search} ${Boolean(req && res)}`]);
    if (request.headers.get('x-end') === 'onRequest') endResponse(new fetchAPI.Response('ended', { status: 418 }));
    if (request.headers.get('x-throw') === 'onRequest') throw new Error('a secret of the plugin');
  },
  async onRequestParse({ request, url, requestParser, endResponse, fetchAPI }) {
    note(request, `onRequestParse ${url.pathname} ${Boolean(requestParser)}`);
    if (request.headers.get('x-end') === 'onRequestParse') endResponse(new fetchAPI.Response('ended', { status: 418 }));
    if (request.headers.get('x-throw') === 'onRequestParse') throw new Error('a secret of the plugin');
    await Promise.resolve();
    return {
      onRequestParseDone({ requestParserResult }) {
        note(request, `onRequestParseDone ${JSON.stringify(requestParserResult)}`);
      },
    };
  },
  onParams({ request, params, setParams, setResult }) {
    note(request, `onParams ${Object.keys(params ?? {}).join()}`);
    const { headers } = request;
    if (headers.get('x-end') === 'onParams') setResult({ data: { ended: true } });
    if (headers.get('x-query')) setParams({ ...params, query: headers.get('x-query') ?? '' });
    if (headers.get('x-throw') === 'onParams') throw new Error('a secret of the plugin');
  },
  onParse({ context }) {
    const { request } = context as { request?: Request };
    note(request, 'onParse');
    return ({ result }) => note(request, `onParseDone ${result instanceof Error}`);
  },
  onValidate({ context }) {
    const { request } = context as { request?: Request };
    note(request, 'onValidate');
    return ({ valid }) => note(request, `onValidateDone ${valid}`);
  },
  onContextBuilding({ context }) {
    note(context.request, `onContextBuilding ${typeof (context as { headers?: unknown }).headers}`);
    if (context.request.headers.get('x-throw') === 'onContextBuilding') throw new Error('a secret of the plugin');
    return () => note(context.request, 'onContextBuildingDone');
  },
  onExecute({ args }) {
    const { request } = args.contextValue as { request: Request };
    note(request, 'onExecute');
    if (request.headers.get('x-throw') === 'onExecute') throw new Error('a secret of the plugin');
    return { onExecuteDone: () => note(request, 'onExecuteDone') };
  },
  onExecutionResult({ request, result }) {
    note(request, `onExecutionResult ${Object.keys(result ?? {}).join()}`);
  },
  onResultProcess({ request, result, setResult }) {
    note(request, `onResultProcess ${Array.isArray(result)}`);
    if (request.headers.get('x-result')) setResult({ data: { changed: true } });
  },
  onResponse({ request, response, setResponse, fetchAPI }) {
    const hooks = [...(ran.get(request) ?? []), 'onResponse'];
    if (request.headers.get('x-end') === 'onResponse') {
      return setResponse(new fetchAPI.Response('changed', { status: 418, headers: { 'set-cookie': 'a=1' } }));
    }
    response.headers.set('x-hooks', Buffer.from(JSON.stringify(hooks)).toString('base64url'));
    response.headers.append('set-cookie', 'a=1');
    response.headers.append('set-cookie', 'b=2');
  },
});

export const gatewayConfig = defineConfig({
  ...usual,
  batching: { limit: 3 },
  plugins: (context) => [...(usual.plugins?.(context) ?? []), useProbe()],
} as Parameters<typeof defineConfig>[0]);
