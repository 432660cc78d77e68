import type { Caller, Match, NamedOperation } from './policy.ts';

/** Whether a policy is for an operation. */
export type Matcher = (caller: Caller, operation: NamedOperation) => boolean;

export function matcher({ principalKind, tier, clientId, operationName, operationKind }: Match = {}): Matcher {
  const kinds = setOf(principalKind);
  const tiers = setOf(tier);
  const clients = setOf(clientId);
  const names = setOf(operationName);
  const operations = setOf(operationKind);
  return ({ principal }, { kind, name }) =>
    fits(kinds, principal.kind) &&
    fits(tiers, principal.tier) &&
    fits(clients, principal.clientId) &&
    fits(names, name) &&
    fits(operations, kind);
}

function setOf(wanted: string | readonly string[] | undefined): ReadonlySet<string> | undefined {
  return wanted === undefined ? undefined : new Set(typeof wanted === 'string' ? [wanted] : wanted);
}

function fits(wanted: ReadonlySet<string> | undefined, value: string | undefined): boolean {
  return wanted === undefined || (value !== undefined && wanted.has(value));
}
