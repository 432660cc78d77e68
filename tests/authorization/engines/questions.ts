import type { PolicyDecision, PolicyEngine, PolicyQuestion } from '../../../plugins/authorization/policy-engine.ts';
import type { Principal } from '../../../plugins/request-context.ts';

export const ALLOW = { outcome: 'allow' };
export const DENY = { outcome: 'deny' };

export const ALICE: Principal = {
  id: 'alice',
  kind: 'user',
  method: 'jwt',
  clientId: 'web',
  scopes: ['read', 'write'],
  roles: ['support'],
  claims: { sub: 'alice', department: 'sales' },
  tier: 'gold',
  expiresAt: 4_102_444_800_000,
};

/** Has none of what may be absent. */
export const NOBODY: Principal = {
  id: 'anonymous',
  kind: 'anonymous',
  method: 'none',
  clientId: undefined,
  scopes: [],
  roles: [],
  claims: {},
  tier: undefined,
  expiresAt: undefined,
};

/** Alice's question about `Query.user`, by the policy `owner`, but for what is said otherwise. */
export function question(other: Partial<PolicyQuestion> = {}): PolicyQuestion {
  return {
    policy: 'owner',
    principal: ALICE,
    action: { kind: 'query', coordinate: 'Query.user' },
    args: {},
    request: { operationName: 'Users', address: '192.0.2.7' },
    ...other,
  };
}

export async function decide(
  engine: PolicyEngine,
  questions: readonly PolicyQuestion[],
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly PolicyDecision[]> {
  return engine.decide(questions, signal);
}

export async function outcomes(engine: PolicyEngine, questions: readonly PolicyQuestion[]): Promise<string[]> {
  return (await decide(engine, questions)).map(({ outcome }) => outcome);
}
