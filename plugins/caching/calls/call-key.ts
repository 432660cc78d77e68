import { hash } from 'node:crypto';
import type { Principal } from '../../request-context.ts';
import type { EntitySelection } from './call-plan.ts';
import type { SubgraphCall } from './call-cache.ts';

/** Claims that are of a token and not of whom it was given to. */
const OF_TOKEN = new Set(['exp', 'iat', 'nbf', 'jti', 'auth_time', 'nonce', 'at_hash']);
const keys = new WeakMap<Principal, string>();

/**
 * Tells callers apart for what is kept for one alone: by all that subgraphs may learn of a caller. Undefined for
 * anonymous ones, who are many.
 */
export function privateKeyOf(principal: Principal | undefined): string | undefined {
  if (principal === undefined || principal.kind === 'anonymous') return undefined;
  const known = keys.get(principal);
  if (known !== undefined) return known;
  const { id, kind, method, clientId, scopes, roles, tier } = principal;
  const claims = Object.entries(principal.claims).filter(([name]) => !OF_TOKEN.has(name));
  const key = hashOf([
    id,
    kind,
    method,
    clientId,
    scopes,
    roles,
    tier,
    claims.toSorted(([one], [other]) => (one < other ? -1 : 1)),
  ]);
  keys.set(principal, key);
  return key;
}

/** What the ids of entities of one selection have in common. */
export function entityBase(
  { subgraph, version, variables: given, reading }: SubgraphCall,
  { type, text, variables }: EntitySelection,
  privateKey: string | undefined,
): string {
  const values = variables.map((name) => given[name]);
  return hashOf(['entity', subgraph, version, type.name, text, values, reading.varyKey, privateKey]);
}

export function entityId(base: string, representation: unknown): string {
  return hash('sha256', base + JSON.stringify(representation), 'base64url');
}

export function rootId(
  { subgraph, version, variables, reading }: SubgraphCall,
  text: string,
  privateKey: string | undefined,
): string {
  return hashOf(['root', subgraph, version, text, variables, reading.varyKey, privateKey]);
}

/** SHA-256 of JSON, base64url: clients have a part in what is hashed, and may not be able to make two the same. */
export function hashOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url');
}
