import type { Invalidation } from '../tags/tag.ts';

export type ParsedRequest =
  | { readonly invalidations: readonly Invalidation[] }
  /** What is wrong with it, for its sender. */
  | { readonly error: string };

const MAX_INVALIDATIONS = 1_000;
const SHAPE = `The body must be {"invalidate": [...]}, with up to ${MAX_INVALIDATIONS} of \
{"kind": "entity", "type": TYPE, "key": {...}}, {"kind": "type", "type": TYPE}, {"kind": "subgraph", "subgraph": NAME}, \
{"kind": "tag", "tag": TAG}, {"kind": "all"}`;

/** Reads the body of `POST /webhooks/cache`. */
export function parseRequest(body: unknown): ParsedRequest {
  const asked = isObject(body) ? body['invalidate'] : undefined;
  if (!Array.isArray(asked) || asked.length === 0 || asked.length > MAX_INVALIDATIONS) return { error: SHAPE };
  const invalidations = asked.map(parseOne);
  const wrong = invalidations.indexOf(undefined);
  if (wrong >= 0) return { error: `invalidate[${wrong}] is none of these. ${SHAPE}` };
  return { invalidations: invalidations.filter((one) => one !== undefined) };
}

function parseOne(one: unknown): Invalidation | undefined {
  if (!isObject(one)) return undefined;
  const { kind, type, key, subgraph, tag } = one;
  switch (kind) {
    case 'entity':
      return isName(type) && isObject(key) && Object.keys(key).length > 0 ? { kind, type, key } : undefined;
    case 'type':
      return isName(type) ? { kind, type } : undefined;
    case 'subgraph':
      return isName(subgraph) ? { kind, subgraph } : undefined;
    case 'tag':
      return isName(tag) ? { kind, tag } : undefined;
    case 'all':
      return { kind };
    default:
      return undefined;
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
