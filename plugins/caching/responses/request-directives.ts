import type { CacheUse } from '../calls/reading.ts';
import { directivesOf } from '../policy/answer-freshness.ts';

/** What a client asks for by `Cache-Control` in its request (RFC 9111, section 5.2.1). */
export function requestedUse(request: Request | undefined, choice: 'honour' | 'ignore'): CacheUse {
  const given = choice === 'honour' ? request?.headers.get('cache-control') : undefined;
  if (!given) return 'use';
  const directives = directivesOf(given);
  if (directives.has('no-store')) return 'bypass';
  return directives.has('no-cache') || directives.get('max-age') === '0' ? 'refresh' : 'use';
}
