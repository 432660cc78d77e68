import type { Principal } from '../../request-context.ts';

/** What policies are told of a principal, under the same names by every engine. A field without a value is not there. */
export interface PrincipalFacts {
  readonly id: string;
  readonly kind: string;
  readonly method: string;
  readonly clientId?: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  readonly tier?: string;
}

export function factsOf(principal: Principal): PrincipalFacts {
  const { id, kind, method, clientId, scopes, roles, claims, tier } = principal;
  return {
    id,
    kind,
    method,
    ...(clientId === undefined ? {} : { clientId }),
    scopes,
    roles,
    claims,
    ...(tier === undefined ? {} : { tier }),
  };
}
