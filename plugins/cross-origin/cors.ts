import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CrossOriginSettings } from './options.ts';

/** What pages may read of a response beside its body. */
const EXPOSED = 'Age, Cache-Status, ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';
const METHODS = 'GET, POST';
/** Longer ones are not granted, in characters. */
const MAX_REQUESTED_HEADERS = 2_048;
/** Fetch, section 3.3.4; RFC 9110, section 5.6.2. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?: *, *[\w!#$%&'*+.^`|~-]+)*$/;

/** The CORS protocol (Fetch, section 3.3), for everything that is answered. */
export interface Cors {
  /** Whether a page of this origin may read what it asks for by name. */
  isListed(origin: string | undefined): boolean;
  /** Whether responses differ by the origin that asks. */
  readonly varies: boolean;
  /** Answers a preflight, and gives false for all other requests. */
  answerPreflight(request: IncomingMessage, response: ServerResponse): boolean;
  /** Sets the headers of a response that is yet to be made. */
  grant(request: IncomingMessage, response: ServerResponse): void;
}

/** Undefined when no other origin is let in: then no response says anything of CORS. */
export function corsOf({ origins, credentials, maxAge }: CrossOriginSettings): Cors | undefined {
  if (origins !== 'any' && origins.length === 0) return undefined;
  const listed: ReadonlySet<string | undefined> = new Set(origins === 'any' ? [] : origins);
  const varies = origins !== 'any';

  /** False where the origin is not let in. */
  function grantOrigin(origin: string | undefined, response: ServerResponse): boolean {
    if (varies && !listed.has(origin)) return false;
    response.setHeader('access-control-allow-origin', varies ? (origin ?? '') : '*');
    if (credentials) response.setHeader('access-control-allow-credentials', 'true');
    return true;
  }

  return {
    isListed: (origin) => listed.has(origin),
    varies,

    answerPreflight({ method, headers }, response) {
      const requested = headers['access-control-request-headers'];
      if (method !== 'OPTIONS' || !headers.origin || !headers['access-control-request-method']) return false;
      response.setHeader('vary', 'Origin, Access-Control-Request-Headers');
      if (grantOrigin(headers.origin, response)) {
        response.setHeader('access-control-allow-methods', METHODS);
        response.setHeader('access-control-max-age', String(maxAge));
        if (requested && requested.length <= MAX_REQUESTED_HEADERS && HEADER_NAMES.test(requested)) {
          response.setHeader('access-control-allow-headers', requested);
        }
      }
      response.writeHead(204).end();
      return true;
    },

    grant({ method, headers: { origin } }, response) {
      // A cache must not give one origin what was said to another, or to none. No cache keeps what a POST is answered;
      // a response that has headers already is sent at three times the cost.
      if (varies && (origin !== undefined || method !== 'POST')) response.setHeader('vary', 'Origin');
      if (grantOrigin(origin, response)) response.setHeader('access-control-expose-headers', EXPOSED);
    },
  };
}
