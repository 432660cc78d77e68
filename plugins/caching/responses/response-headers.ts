import type { CacheScope } from '../policy/hints.ts';
import type { CacheEntry } from '../store/index.ts';
import type { Outcome } from './outcome.ts';

const NAME = 'gatehouse';

export interface ResponseHeaders {
  readonly [name: string]: string;
}

/** `Cache-Status` (RFC 9211), `Cache-Control`, `Age` and `ETag` (RFC 9111, 9110) of a response to one operation. */
function responseHeaders(outcome: Outcome, isForAll: boolean): ResponseHeaders {
  switch (outcome.kind) {
    case 'bypass':
      return { 'cache-status': `${NAME}; fwd=bypass`, 'cache-control': 'no-store' };
    case 'miss': {
      const { stored, found, fetched } = outcome;
      const isPartial = found > 0;
      const forwarded = isPartial && fetched === 0 ? 'hit; detail=entities' : `fwd=${isPartial ? 'partial' : 'miss'}`;
      const detail = isPartial && fetched > 0 ? `; detail="${found} of ${found + fetched}"` : '';
      const status = `${NAME}; ${forwarded}${detail}${stored ? '; stored' : ''}`;
      if (!stored?.body.wasSent()) return { 'cache-status': status, 'cache-control': 'no-store' };
      const { maxAge, scope, body } = stored;
      return { 'cache-status': status, 'cache-control': control(maxAge, scope, isForAll), etag: body.etag() };
    }
    case 'hit': {
      const headers = hitHeaders(outcome, outcome.body.etag(), isForAll, performance.now());
      const { 'cache-status': status = '' } = headers;
      return outcome.body.wasSent() ? headers : { 'cache-status': status, 'cache-control': 'no-store' };
    }
  }
}

export function hitHeaders(
  { entry, scope }: Pick<Extract<Outcome, { kind: 'hit' }>, 'entry' | 'scope'>,
  etag: string,
  isForAll: boolean,
  now: number,
): ResponseHeaders {
  return {
    'cache-status': `${NAME}; hit; ttl=${Math.floor((entry.freshUntil - now) / 1000)}`,
    'cache-control': control((entry.freshUntil - entry.storedAt) / 1000, scope, isForAll),
    age: String(Math.max(0, Math.floor((now - entry.storedAt) / 1000))),
    etag,
  };
}

/** Until when `hitHeaders` gives the same, on the clock of `performance.now()`: they have whole seconds. */
export function sameHeadersUntil({ freshUntil, storedAt }: CacheEntry, now: number): number {
  return now + Math.min((freshUntil - now) % 1000, 1000 - ((now - storedAt) % 1000));
}

function control(maxAge: number, scope: CacheScope, isForAll: boolean): string {
  return `max-age=${Math.floor(maxAge)}, ${scope === 'PUBLIC' && isForAll ? 'public' : 'private'}`;
}

/**
 * Sets the headers of a response, by what the cache had to do with its operations.
 *
 * @param vary names of the headers on which answers depend
 * @returns the headers of a 304, where the client has what it would get
 */
export function withCacheHeaders(
  request: Request,
  response: Response,
  outcomes: readonly Outcome[],
  isForAll: boolean,
  vary: readonly string[],
): Record<string, string> | undefined {
  const [outcome] = outcomes;
  // Of a batch, each may be otherwise.
  const headers =
    outcome && outcomes.length === 1 ? responseHeaders(outcome, isForAll) : { 'cache-control': 'no-store' };
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  const { etag } = headers;
  // Whoever keeps it outside, a browser with two users among them, has to tell callers apart too.
  if (etag !== undefined) for (const name of [...CREDENTIALS, ...vary]) response.headers.append('vary', name);
  if (response.status !== 200 || !isKnown(request.headers.get('if-none-match'), etag)) return undefined;
  const kept = Object.fromEntries(response.headers);
  for (const name of OF_BODY) delete kept[name];
  return kept;
}

/** By which callers tell who they are. */
const CREDENTIALS = ['Authorization', 'X-API-Key'];

/** A 304 has no body to speak of. */
const OF_BODY = ['content-type', 'content-length', 'content-encoding'];

/** Whether a client has these bytes already (RFC 9110, section 13.1.2). */
export function isKnown(ifNoneMatch: string | null, etag: string | undefined): boolean {
  if (!ifNoneMatch || etag === undefined) return false;
  return ifNoneMatch.split(',').some((one) => ['*', etag, `W/${etag}`].includes(one.trim()));
}
