import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { defineConfig, type GatewayPlugin } from '@graphql-hive/gateway';
import { gatewayConfig as usual } from '../../../gateway.config.ts';

// The repository's own, and a plugin that tells the client what its hooks of calls to subgraphs were given, and what came of
// what they set.

setFlagsFromString('--allow-natives-syntax');
const isFast = runInThisContext('(value) => %HasFastProperties(value)') as (value: object) => boolean;

const notes = new WeakMap<Request, string[]>();

function note(context: unknown, what: string): void {
  const { request } = context as { request?: Request };
  if (request) notes.get(request)?.push(what);
}

function asked(context: unknown, name: string): string | null {
  const { request } = context as { request?: Request };
  return request?.headers.get(name) ?? null;
}

/** An object with a getter of its own is a dictionary; one with the getter of a class is none. */
function look(hook: string, payload: object, context: unknown): void {
  if (!isFast(payload)) note(context, `a dictionary: ${hook}`);
  for (const [name, value] of Object.entries(payload) as [string, unknown][]) {
    if (typeof value === 'object' && value && !isFast(value)) note(context, `a dictionary: ${hook}.${name}`);
  }
}

/** Only the gateway itself lets a plugin wrap calls. */
const useWrapped = (): GatewayPlugin => ({ instrumentation: { subgraphExecute: (_, call) => call() } });

const useProbe = (): GatewayPlugin => ({
  onRequest(payload) {
    const { request } = payload;
    notes.set(request, []);
    look('onRequest', payload, { request });
  },
  onRequestParse(payload) {
    look('onRequestParse', payload, payload);
  },
  onParams(payload) {
    look('onParams', payload, payload);
  },
  onExecute(payload) {
    look('onExecute', payload, payload.args.contextValue);
  },
  async onSubgraphExecute(payload) {
    const { subgraph, subgraphName, transportEntry, executionRequest, setExecutionRequest, executor, log } = payload;
    const { context, operationType, info, rootValue } = executionRequest;
    look('onSubgraphExecute', payload, context);
    const root = subgraph.getQueryType()?.name;
    const own = (info as { executionRequest?: unknown } | undefined)?.executionRequest === executionRequest;
    const ofRoot = (rootValue as { executionRequest?: unknown }).executionRequest === executionRequest;
    note(context, `execute ${subgraphName} ${root} ${transportEntry?.kind} ${operationType} ${own} ${ofRoot}`);
    note(context, `tools ${typeof executor} ${typeof log.info}`);
    if (asked(context, 'x-throw') === 'onSubgraphExecute') throw new Error('a secret of the plugin');
    await Promise.resolve();
    if (asked(context, 'x-set') === 'executor') {
      payload.setExecutor((request) => {
        note(context, `executor of ${request.subgraphName}`);
        return executor(request);
      });
    }
    if (asked(context, 'x-set') === 'request') {
      const extensions = { ...executionRequest.extensions, headers: { 'x-added': 'yes' } };
      setExecutionRequest({ ...executionRequest, extensions });
    }
    return ({ result, setResult }) => {
      note(context, `done ${Object.keys(result).join()}`);
      if (asked(context, 'x-set') === 'result') setResult({ data: { product: { name: 'set' } } });
    };
  },
  onFetch(payload) {
    const { context, url, options, setOptions, setURL, executionRequest, info, fetchFn, endResponse } = payload;
    look('onFetch', payload, context);
    const { headers } = options as { readonly headers: Record<string, string> };
    const subgraph = executionRequest?.subgraphName;
    note(context, `fetch ${new URL(url).pathname} ${options.method} ${subgraph} ${headers['x-added']}`);
    note(context, `tools ${typeof fetchFn} ${typeof info} ${typeof payload.logger.info} ${typeof context.log.info}`);
    if (asked(context, 'x-throw') === 'onFetch') throw new Error('a secret of the plugin');
    const set = asked(context, 'x-set');
    if (set === 'options') setOptions({ ...options, body: 'no JSON' });
    if (set === 'url') setURL(`${url}/elsewhere`);
    if (set === 'response') endResponse(Response.json({ data: { product: { name: 'ended' } } }));
    return ({ response, setResponse }) => {
      note(context, `fetched ${response.status}`);
      if (set === 'answer') setResponse(Response.json({ data: { product: { name: 'answered' } } }));
    };
  },
  onResponse({ request, response }) {
    response.headers.set('x-notes', Buffer.from(JSON.stringify(notes.get(request))).toString('base64url'));
  },
});

export const gatewayConfig = defineConfig({
  ...usual,
  plugins: (context) => [
    ...(usual.plugins?.(context) ?? []),
    useProbe(),
    ...(process.env['WRAPPED'] ? [useWrapped()] : []),
  ],
} as Parameters<typeof defineConfig>[0]);
