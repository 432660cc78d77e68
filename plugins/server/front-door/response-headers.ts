import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Of each response anew: by Node, by the cache, by the limits, or here. */
const OF_EACH = new Set([
  'date',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'cache-control',
  'cache-status',
  'age',
  'etag',
  'ratelimit',
  'ratelimit-policy',
  'x-request-id',
]);

/** A cookie is for one client; an encoded body is another than the cache holds. */
const NOT_REPEATED = new Set(['set-cookie', 'content-encoding']);

/** The headers of a response that an equal one has too; undefined where there is one that must not be repeated. */
export function lastingHeaders(headers: OutgoingHttpHeaders): Readonly<Record<string, string>> | undefined {
  const lasting: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (OF_EACH.has(name) || value === undefined) continue;
    if (NOT_REPEATED.has(name) || Array.isArray(value)) return undefined;
    lasting[name] = String(value);
  }
  return lasting;
}

/** The headers that a response was sent with. Node keeps those apart, and forgets them, that come with the status. */
export function sentHeaders(response: ServerResponse): () => OutgoingHttpHeaders {
  let withStatus: OutgoingHttpHeaders = {};
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]) => {
    const last = args.at(-1);
    if (typeof last === 'object' && last !== null && !Array.isArray(last)) withStatus = last as OutgoingHttpHeaders;
    return writeHead(...args);
  };
  return () => {
    const named = Object.entries(withStatus).map(([name, value]) => [name.toLowerCase(), value] as const);
    return { ...response.getHeaders(), ...Object.fromEntries(named) };
  };
}
