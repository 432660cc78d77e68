import type { IncomingMessage } from 'node:http';

/** A page of another origin may send none of them without a preflight; Apollo's and GraphQL Yoga's clients have them. */
const REQUIRED_HEADERS = [
  'graphql-require-preflight',
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'x-graphql-yoga-csrf',
  'x-api-key',
] as const;

/** Schemes that no browser has by itself: a page sets them, after a preflight. */
const SET_BY_PAGES = /^(?:bearer|apikey) /i;

const GRAPHQL_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'application/graphql+json',
  'application/graphql',
]);

/** By the user (`none`), or by a page of the gateway's own; no page can set it (Fetch Metadata, section 2.3). */
const OWN_SITES: ReadonlySet<string | undefined> = new Set(['same-origin', 'none']);

/**
 * Whether a page of any origin could make a browser send this request for an operation, without the preflight in which
 * the browser asks whether it may (Fetch, section 2.2.2: "CORS-safelisted"). The same rule as Apollo Server's, and a
 * little stricter: a type of content counts only when it is one of GraphQL.
 *
 * @param path of GraphQL
 * @param isListed whether an origin is one of those that may
 */
export function couldBeForged(
  { method, url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  path: string,
  isListed: (origin: string | undefined) => boolean,
): boolean {
  if (method !== 'POST' && method !== 'GET' && method !== 'HEAD') return false;
  // Browsers have let pages send a GET with other types, without a preflight (GHSA-9q82-xgwf-vj6h).
  const type = mediaType(headers['content-type']);
  if (method === 'POST' ? GRAPHQL_TYPES.has(type) : type === 'application/json') return false;
  // Without parameters, a GET has no operation: it is for the page to explore the graph with.
  if (method !== 'POST' && !url.includes('?')) return false;
  // GraphQL Yoga takes what ends with its path for its own, a query string included.
  if (!url.includes(path)) return false;
  if (OWN_SITES.has(headers['sec-fetch-site']) || isListed(headers.origin)) return false;
  return (
    !SET_BY_PAGES.test(headers.authorization ?? '') && REQUIRED_HEADERS.every((name) => headers[name] === undefined)
  );
}

function mediaType(contentType = ''): string {
  const end = contentType.indexOf(';');
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

const BODY = JSON.stringify({
  errors: [
    {
      message:
        'A page of another site could have sent this. Send it with the content-type application/json, ' +
        'or with the header graphql-require-preflight.',
      extensions: { code: 'CSRF_PREVENTED' },
    },
  ],
});

export const FORGED_ANSWER = {
  status: 403,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(BODY),
    'cache-control': 'no-store',
  },
  body: BODY,
};
