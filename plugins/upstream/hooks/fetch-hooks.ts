import type { GatewayPlugin } from '@graphql-hive/gateway';
import { runHooks, type Hook } from '../../hooks.ts';
import type { ContextFetch, HookedFetch } from '../call-subgraph.ts';
import type { CallInit, PooledFetch } from '../pooled-fetch.ts';

interface FetchInfo {
  readonly executionRequest?: unknown;
  readonly rootValue?: { readonly executionRequest?: unknown };
}

/**
 * The gateway's `fetch`: runs what plugins do with a request (`onFetch`), in the same order and with the same payload as
 * the gateway does, for the same reason as `callHooks`.
 *
 * @param fetch what is called where no plugin sets another
 * @param pooled gives what it has exchanged where this is what is called, and nobody looks at the response
 */
export function hookedFetch(plugins: readonly GatewayPlugin[], fetch: ContextFetch, pooled: PooledFetch): HookedFetch {
  const hooks = plugins.flatMap(({ onFetch }) => (onFetch as Hook<unknown> | undefined) ?? []);

  return async (url, options, context, info) => {
    let early: Response | PromiseLike<Response> | undefined;
    const done: Hook<unknown>[] = [];
    const { executionRequest, rootValue } = (info ?? {}) as FetchInfo;
    const payload = {
      fetchFn: fetch,
      setFetchFn: (changed: ContextFetch) => void (payload.fetchFn = changed),
      url,
      setURL: (changed: URL | string) => void (payload.url = String(changed)),
      options,
      setOptions: (changed: CallInit) => void (payload.options = changed),
      context,
      logger: (context as { readonly logger?: unknown }).logger,
      info,
      executionRequest: executionRequest ?? rootValue?.executionRequest,
      endResponse: (response: typeof early) => void (early = response),
    };
    const beginning = runHooks(
      hooks,
      payload,
      () => early !== undefined,
      (after) => {
        if (after) done.push(after as Hook<unknown>);
      },
    );
    if (beginning) await beginning;
    if (early) return early;
    if (done.length === 0 && payload.fetchFn === pooled) {
      const exchanged = pooled.exchange(payload.url, payload.options);
      if (exchanged) return exchanged;
    }
    const told = {
      response: await payload.fetchFn(payload.url, payload.options, context, info),
      setResponse: (changed: Response) => void (told.response = changed),
    };
    const ending = runHooks(done, told);
    if (ending) await ending;
    return told.response;
  };
}
