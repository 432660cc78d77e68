import type { Principal } from '../request-context.ts';
import type { AnyOf, Requirement } from './requirements.ts';

export type Directive = 'authenticated' | 'requiresScopes' | 'policy';

/** Whether a policy allows; asked for a field with its arguments. */
export type PolicyAnswer = (policy: string) => boolean;

/** Which directive keeps a field from the principal; undefined when it may see it. */
export function deniedBy(
  requirements: readonly Requirement[],
  principal: Principal,
  allows: PolicyAnswer,
): Directive | undefined {
  const scopes = scopesOf(principal);
  for (const requirement of requirements) {
    if (requirement.isAuthenticated && principal.kind === 'anonymous') return 'authenticated';
    if (!isMet(requirement.scopes, (scope) => scopes.has(scope))) return 'requiresScopes';
    if (!isMet(requirement.policies, allows)) return 'policy';
  }
  return undefined;
}

/** The policies that a decision about these requirements may depend on, each once. */
export function policiesIn(requirements: readonly Requirement[]): readonly string[] {
  return [...new Set(requirements.flatMap(({ policies }) => policies.flat()))];
}

function isMet(alternatives: AnyOf, holds: (name: string) => boolean): boolean {
  return alternatives.length === 0 || alternatives.some((names) => names.every(holds));
}

const scopeSets = new WeakMap<Principal, ReadonlySet<string>>();

function scopesOf(principal: Principal): ReadonlySet<string> {
  const known = scopeSets.get(principal) ?? new Set(principal.scopes);
  scopeSets.set(principal, known);
  return known;
}

const grants = new WeakMap<Principal, string>();

/** All of a principal that decides without policies: equal for principals that may see the same. */
export function grantsOf(principal: Principal): string {
  const known =
    grants.get(principal) ?? JSON.stringify([principal.kind === 'anonymous', ...principal.scopes.toSorted()]);
  grants.set(principal, known);
  return known;
}
