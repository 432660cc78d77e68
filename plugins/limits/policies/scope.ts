import { addressGroup } from '../../client-address/index.ts';
import type { Caller, NamedOperation, Scope } from './policy.ts';

/** For whom a bucket or quota is, within its policy. The same text for the same of a scope, in all processes. */
export function scopeKey(scope: Scope, { principal, address }: Caller, { name }: NamedOperation): string {
  switch (scope) {
    case 'principal':
      return principal.kind === 'anonymous' ? addressKey(address) : principalKey(principal);
    case 'client':
      if (principal.clientId !== undefined) return `client:${part(principal.clientId)}`;
      return principal.kind === 'anonymous' ? addressKey(address) : principalKey(principal);
    case 'address':
      return addressKey(address);
    case 'operation':
      return `operation:${part(name ?? '')}`;
    case 'global':
      return 'all';
  }
}

const keys = new WeakMap<Caller['principal'], string>();

/** Subjects are unique for one issuer only (RFC 7519, section 4.1.2). */
function principalKey(principal: Caller['principal']): string {
  let key = keys.get(principal);
  if (key === undefined) {
    const { method, claims, id } = principal;
    const { iss } = claims;
    keys.set(principal, (key = `${method}:${typeof iss === 'string' ? part(iss) : ''}:${part(id)}`));
  }
  return key;
}

function addressKey(address: string): string {
  return `address:${addressGroup(address) ?? 'unknown'}`;
}

/** Without a colon, so that no two of them can be taken for others. */
function part(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
