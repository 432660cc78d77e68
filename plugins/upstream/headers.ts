import type { ExecutionRequest } from '@graphql-tools/utils';
import type { GatehouseContext, Principal } from '../request-context.ts';
import { traceHeaders } from './trace-headers.ts';
import { PRINCIPAL_HEADER, type PrincipalSigner } from './principal-token.ts';

/** What a header name or value may hold (RFC 9110, section 5): anything else would be refused by `fetch`, or smuggle. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export interface HeaderSources {
  /** Of the subgraph's own configuration. */
  readonly configured: readonly (readonly [string, string])[];
  /** Names of the client's that are passed on. */
  readonly forwarded: readonly string[];
  readonly signer: PrincipalSigner | undefined;
}

/**
 * The headers of a subgraph call: those of its configuration, those of the client that are passed on, those that
 * plugins set for this call (`extensions.headers`), and who is calling; the later ones win.
 *
 * @param traceparent in place of the client's
 */
export function headersFor(
  request: ExecutionRequest,
  subgraph: string,
  { configured, forwarded, signer }: HeaderSources,
  traceparent?: string,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const set = (name: string, value: unknown) => {
    if (typeof value === 'string' && NAME.test(name)) headers[name.toLowerCase()] = value;
  };
  for (const [name, value] of configured) set(name, value);
  // Never `context.headers`: over WebSocket, the client's connection_init payload can overwrite them.
  const { request: incoming, principal } = (request.context ?? {}) as { request?: Request } & GatehouseContext;
  Object.assign(headers, traceHeaders(incoming?.headers));
  for (const name of forwarded) set(name, incoming?.headers.get(name));
  const { headers: own } = (request.extensions ?? {}) as { headers?: Record<string, unknown> };
  for (const [name, value] of Object.entries(own ?? {})) set(name, value);
  if (traceparent !== undefined) headers['traceparent'] = traceparent;
  // Whatever came under this name, from whom it came.
  delete headers[PRINCIPAL_HEADER];
  if (signer && principal) headers[PRINCIPAL_HEADER] = signer(principal, subgraph, Date.now());
  return headers;
}

const numbers = new WeakMap<Principal, number>();
let lastNumber = 0;

/**
 * What of a request's own goes to subgraphs with its operations, as one text for each principal. Trace headers are not
 * among it: they change nothing of an answer.
 */
export function sentBy(
  request: Request | undefined,
  forwarded: readonly string[],
  isSigned: boolean,
): (principal: Principal | undefined) => string {
  const headers = forwarded.map((name) => request?.headers.get(name) ?? null);
  return (principal) => {
    if (!isSigned || !principal) return JSON.stringify(headers);
    const number = numbers.get(principal) ?? ++lastNumber;
    numbers.set(principal, number);
    return JSON.stringify([...headers, number]);
  };
}
