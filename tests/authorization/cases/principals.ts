import fc from 'fast-check';
import type { Principal } from '../../../plugins/request-context.ts';

const SCOPES = ['friends', 'admin', 'all', 'levels', 'vault', 'colours', 'films', 'scores'];

/** Callers with some of the scopes of the guarded federation, and some of the roles. */
export function principals(roles: string[]): fc.Arbitrary<Principal> {
  return fc
    .record({
      kind: fc.constantFrom('user' as const, 'client' as const, 'anonymous' as const),
      scopes: fc.subarray(SCOPES),
      roles: fc.subarray(roles),
    })
    .map((given) => ({
      ...given,
      scopes: given.kind === 'anonymous' ? [] : given.scopes,
      id: 'one',
      method: 'jwt' as const,
      clientId: undefined,
      claims: {},
      tier: undefined,
      expiresAt: undefined,
    }));
}
