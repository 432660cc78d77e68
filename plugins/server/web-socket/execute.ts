import type { IncomingMessage } from 'node:http';
import type { GatewayRuntime } from '@graphql-hive/gateway';
import type { Execute } from './operation.ts';

/**
 * Executes operations of WebSockets as the gateway executes those of HTTP requests, with all plugins. What they know of
 * the connection is its upgrade and who is calling: the payload of `connection_init` has done its work.
 */
export function executor(runtime: GatewayRuntime): Execute {
  const { fetchAPI } = runtime;

  return ({ socket, request: req, caller, address }, params, signal, openOutlet, account) => {
    // An upgrade is a GET, over which Yoga allows no mutations; nothing of it can be sent by a link or a form.
    const request = new fetchAPI.Request(urlOf(req), {
      method: 'POST',
      headers: req.headers as Record<string, string>,
      signal,
    });
    const context = {
      req,
      socket,
      request,
      params,
      address,
      openOutlet,
      account,
      connectionParams: undefined,
      waitUntil: runtime.waitUntil,
      ...(caller && { principal: caller.principal, caller }),
    };
    return runtime.getResultForParams({ params: params as never, request }, context);
  };
}

function urlOf({ headers, url = '/' }: IncomingMessage): string {
  const base = `http://${headers.host ?? 'localhost'}`;
  return URL.canParse(url, base) ? new URL(url, base).href : new URL(url, 'http://localhost').href;
}
