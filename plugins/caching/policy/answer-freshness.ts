import type { CachingHeaders } from '../../request-context.ts';
import type { CachePolicy } from './cache-policy.ts';
import type { CacheScope } from './hints.ts';

/** For how long, and for whom, something may be kept. */
export interface Freshness {
  /** s; 0: not at all. */
  readonly maxAge: number;
  readonly scope: CacheScope;
}

/** What the gateway itself decides about the requests that it sends, so that answers do not differ by it. */
const OWN_HEADERS = new Set(['accept', 'accept-encoding', 'content-type', 'origin', 'host', 'user-agent']);

/** Answers of a subgraph mostly say the same. */
let last: { readonly header: string; readonly directives: ReadonlyMap<string, string> } | undefined;

/**
 * What a subgraph's answer says (RFC 9111, sections 4.1, 4.2 and 5.2.2); undefined when it says nothing. An answer that
 * varies by a header that is no part of the cache's key is not kept.
 *
 * @param vary names of the headers that are part of the key, in lower case
 */
export function answerFreshness(headers: CachingHeaders, vary: readonly string[]): Freshness | undefined {
  const given = headers['cache-control'];
  if (given === null) return undefined;
  if (last?.header !== given) last = { header: given, directives: directivesOf(given) };
  const { directives } = last;
  const scope = directives.has('private') ? 'PRIVATE' : 'PUBLIC';
  if (directives.has('no-store') || directives.has('no-cache')) return { maxAge: 0, scope };
  const varies = (headers.vary ?? '').split(',').map((name) => name.trim().toLowerCase());
  if (varies.some((name) => name !== '' && !OWN_HEADERS.has(name) && !vary.includes(name))) return { maxAge: 0, scope };
  const lifetime = seconds(directives.get('s-maxage') ?? directives.get('max-age'));
  if (lifetime === undefined) return undefined;
  return { maxAge: Math.max(0, lifetime - (seconds(headers.age ?? undefined) ?? 0)), scope };
}

/** The strictest of hints and what the answer says, which stands in place of the default. */
export function freshnessOf(policy: CachePolicy, answer: Freshness | undefined, defaultMaxAge: number): Freshness {
  const { maxAge = Infinity, hasDefault, scope } = policy;
  return {
    maxAge: Math.min(maxAge, answer?.maxAge ?? (hasDefault ? defaultMaxAge : Infinity)),
    scope: answer?.scope === 'PRIVATE' ? 'PRIVATE' : scope,
  };
}

/** Directives of a `Cache-Control` header by their names in lower case, with their values or ''. */
export function directivesOf(header: string): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  // A quoted value may hold commas (`private="x, y"`); none of those is looked at.
  for (const directive of header.replaceAll(/"[^"]*"/g, '').split(',')) {
    const [name = '', value = ''] = directive.split('=', 2);
    directives.set(name.trim().toLowerCase(), value.trim());
  }
  return directives;
}

/** Undefined for what is no delta-seconds (RFC 9111, section 1.2.2). */
function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text.trim()) ? Number(text) : undefined;
}
