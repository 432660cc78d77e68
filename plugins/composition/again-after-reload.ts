import type { GatewayPlugin } from '@graphql-hive/gateway';
import { isAsyncIterable } from '@graphql-tools/utils';
import { getOperationAST, OperationTypeNode, type ExecutionArgs } from 'graphql';

/** Under this name on a context: executes its operation once more. */
const AGAIN = Symbol('again');
/** The code with which the gateway aborts operations when it takes down the engine that they run on. */
const RELOADED = 'SCHEMA_RELOAD';

interface Context {
  [AGAIN]?: (() => unknown) | undefined;
  readonly log?: { info(message: string): void };
}

type ParamsPayload = Parameters<NonNullable<GatewayPlugin['onParams']>>[0];

interface Given {
  readonly result: unknown;
  readonly setResult: (changed: never) => void;
}

/**
 * Executes a query that a reload of the supergraph has aborted once more, on the new one, as the gateway by itself does:
 * what it keeps for that, it keeps in a `WeakMap` that leads from each context back to it, so that only a full garbage
 * collection takes a request away. Here it is a property of the context.
 */
export function againAfterReload() {
  function onlyQueries({ args }: { readonly args: ExecutionArgs }): void {
    const { operation } = getOperationAST(args.document, args.operationName) ?? {};
    if (operation !== OperationTypeNode.QUERY) (args.contextValue as Context)[AGAIN] = undefined;
  }

  async function again(context: Context, setResult: Given['setResult']): Promise<void> {
    context.log?.info('An operation was aborted by a reload of the supergraph, and is executed again');
    setResult((await context[AGAIN]?.()) as never);
  }

  function unlessAborted(context: Context, { result, setResult }: Given): Promise<void> | undefined {
    return context[AGAIN] && isAborted(result) ? again(context, setResult) : undefined;
  }

  return {
    onPluginInit: ({ plugins }) => dropStockRetry(plugins as readonly GatewayPlugin[]),

    onParams({ request, params, context, paramsHandler }: ParamsPayload): void {
      (context as Context)[AGAIN] = () => paramsHandler({ request, params, context } as never);
    },

    onExecute: onlyQueries,
    onSubscribe: onlyQueries,

    onExecutionResult: (payload) => unlessAborted(payload.context, payload),

    onResultProcess: (payload) => unlessAborted(payload.serverContext, payload),
  } satisfies GatewayPlugin;
}

function isAborted(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || isAsyncIterable(result)) return false;
  const { errors } = result as { readonly errors?: readonly { readonly extensions?: { readonly code?: unknown } }[] };
  return errors?.some(({ extensions }) => extensions?.code === RELOADED) ?? false;
}

/** It has no name, and Hive Gateway no option for it. */
function dropStockRetry(plugins: readonly GatewayPlugin[]): void {
  for (const plugin of plugins) {
    if (!String(plugin.onParams).includes('execHandlerByContext')) continue;
    for (const hook of Object.keys(plugin) as (keyof GatewayPlugin)[]) delete plugin[hook];
  }
}
