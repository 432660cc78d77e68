import type { Principal } from '../request-context.ts';

export type Claims = Readonly<Record<string, unknown>>;

/**
 * Where in the claims a principal's parts stand: names, or paths with dots (`realm_access.roles`). A claim of the whole
 * name goes before a path, as in `https://example.com/roles`. Of a list, the first that is there counts.
 */
export interface ClaimNames {
  readonly scopes: readonly string[];
  readonly roles: string;
  readonly tier: string;
  readonly clientId: readonly string[];
}

/** As in RFC 9068, sections 2.2 and 2.2.3; `scp` and `azp` are what others call `scope` and `client_id`. */
export const STANDARD_CLAIMS: ClaimNames = {
  scopes: ['scope', 'scp'],
  roles: 'roles',
  tier: 'tier',
  clientId: ['client_id', 'azp'],
};

/**
 * The principal that verified claims speak of; undefined when they name neither a subject nor a client, or when what
 * they name as the subject is not a name. It is frozen with all it holds, the claims among them.
 *
 * A token without a subject, or whose subject is its client, is the client's own (RFC 9068, section 2.2).
 */
export function principalOf(
  claims: Claims,
  method: Principal['method'],
  names: ClaimNames,
  subject: unknown = claims['sub'],
): Principal | undefined {
  const clientId = textOf(first(claims, names.clientId));
  if (subject !== undefined && textOf(subject) === undefined) return undefined;
  const id = textOf(subject) ?? clientId;
  if (id === undefined) return undefined;
  const exp = claims['exp'];
  return Object.freeze({
    id,
    kind: id === clientId ? 'client' : 'user',
    method,
    clientId,
    scopes: listOf(first(claims, names.scopes), ' '),
    roles: listOf(claimAt(claims, names.roles)),
    claims: deepFreeze(claims),
    tier: textOf(claimAt(claims, names.tier)),
    expiresAt: typeof exp === 'number' ? exp * 1000 : undefined,
  });
}

function first(claims: Claims, names: readonly string[]): unknown {
  return names.map((name) => claimAt(claims, name)).find((value) => value !== undefined);
}

function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Claims)[step];
  }
  return value;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A list of texts, or one text, which holds several when a separator is given. */
function listOf(value: unknown, separator?: string): readonly string[] {
  const one = textOf(value);
  const parts = one === undefined ? value : separator === undefined ? [one] : one.split(separator);
  const texts = Array.isArray(parts) ? parts.filter((part) => textOf(part) !== undefined) : [];
  return Object.freeze([...new Set<string>(texts)]);
}

/** Without recursion: what comes from elsewhere may be nested as deep as it is long. */
function deepFreeze(claims: Claims): Claims {
  const pending: unknown[] = [claims];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null) continue;
    Object.freeze(value);
    for (const part of Object.values(value)) pending.push(part);
  }
  return claims;
}
