import { ANONYMOUS, type Principal } from '../../plugins/request-context.ts';

export function principalWith(scopes: readonly string[]): Principal {
  return {
    ...ANONYMOUS,
    id: 'ada',
    kind: 'user',
    method: 'jwt',
    scopes,
    roles: ['support'],
    claims: { sub: 'ada', department: 'sales' },
  };
}
