import {
  allowInsecureRequests,
  customFetch,
  introspectionRequest,
  processIntrospectionResponse,
  type AuthorizationServer,
} from 'oauth4webapi';
import type { Claims } from '../claims.ts';
import { askEndpoint, EndpointFailed } from '../issuer-endpoint.ts';
import type { ResolvedOptions } from './options.ts';
import { retryAfterOf } from './retry-after.ts';

const MAX_BYTES = 64 * 1024;

/**
 * Gives a function that asks the endpoint about a token (RFC 7662, section 2) and gives the claims of its answer, with
 * a boolean `active`. It rejects with `EndpointFailed` for whatever else comes: another status, no JSON, no `active`.
 */
export function introspection(
  { endpoint, clientId, authenticate, issuer, timeout }: ResolvedOptions,
  closing: AbortSignal,
): (token: string) => Promise<Claims & { readonly active: boolean }> {
  const server: AuthorizationServer = { issuer: issuer ?? endpoint.origin, introspection_endpoint: endpoint.href };
  const client = { client_id: clientId };
  const http = {
    // `endpointUrl` has seen to it that this means a loopback host.
    [allowInsecureRequests]: endpoint.protocol === 'http:',
    [customFetch]: (url: string, { method, headers, body }: RequestInit) =>
      answered(url, { method, headers, body } as RequestInit),
  };

  async function answered(url: string, init: RequestInit): Promise<Response> {
    const { status, headers, body } = await askEndpoint(url, init, { maxBytes: MAX_BYTES, timeout }, closing);
    // A signed answer (RFC 9701) was not asked for, and its signature would not be verified: it is not JSON.
    if (status === 200) return new Response(body, { headers: { 'content-type': 'application/json' } });
    throw new EndpointFailed(`answered with status ${status}`, {
      status,
      retryAfter: retryAfterOf(headers, Date.now()),
    });
  }

  return async (token) => {
    try {
      const response = await introspectionRequest(server, client, authenticate, token, http);
      return await processIntrospectionResponse(server, client, response);
    } catch (cause) {
      if (cause instanceof EndpointFailed) throw cause;
      throw new EndpointFailed('gave something that is not an introspection response', { cause });
    }
  };
}
