import type { Logger } from '@graphql-hive/gateway';
import { GraphQLError } from 'graphql';
import type { AuthenticationMethod } from './method.ts';
import { optionChecks } from './option-checks.ts';
import { refusedError } from './refusal.ts';

export type AnonymousAccess = 'allow' | 'deny';
export type SchemaIntrospection = 'allow' | 'authenticated' | 'deny';

export interface AuthenticationOptions {
  /** In the order in which they are asked; the first that recognizes a credential decides. What is undefined is off. */
  readonly methods: readonly (AuthenticationMethod | undefined)[];
  /** What becomes of a request without a credential. Default: `deny`. */
  readonly anonymous?: AnonymousAccess;
  /** Who may ask for the schema: everyone who may ask at all, those with a credential, or nobody. Default: `authenticated`. */
  readonly schemaIntrospection?: SchemaIntrospection;
  /** Proxies whose `X-Forwarded-For` is believed: addresses, or ranges in CIDR notation. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** A cookie with a bearer token, for WebSockets only. It needs an allow-list of origins (`useServer`). Default: none. */
  readonly cookie?: string;
  /** Hears of each refused credential, without any part of it. */
  readonly log?: Pick<Logger, 'info' | 'warn'> | undefined;
}

const ANONYMOUS_ACCESS: ReadonlySet<AnonymousAccess> = new Set(['allow', 'deny']);
const SCHEMA_INTROSPECTION: ReadonlySet<SchemaIntrospection> = new Set(['allow', 'authenticated', 'deny']);

/** Throws an `Error` that names the option and what it takes. */
export function checkChoices(anonymous: AnonymousAccess, schemaIntrospection: SchemaIntrospection): void {
  const { wrong } = optionChecks('useAuthentication');
  if (!ANONYMOUS_ACCESS.has(anonymous)) throw wrong('anonymous', anonymous, '"allow" or "deny"');
  if (!SCHEMA_INTROSPECTION.has(schemaIntrospection)) {
    throw wrong('schemaIntrospection', schemaIntrospection, '"allow", "authenticated" or "deny"');
  }
}

/** What `WWW-Authenticate` names, in the order of the methods. */
export function schemesOf(methods: readonly AuthenticationMethod[]): readonly string[] {
  const schemes = methods.map(({ name }) => (name === 'api-key' ? 'ApiKey' : 'Bearer'));
  return schemes.length > 0 ? [...new Set(schemes)] : ['Bearer'];
}

/** What they are told who may not ask for the schema. */
export function schemaRefusal(access: Exclude<SchemaIntrospection, 'allow'>, schemes: readonly string[]): GraphQLError {
  if (access === 'authenticated') return refusedError({ outcome: 'refused', why: 'missing' }, schemes);
  return new GraphQLError('The schema is not shown.', { extensions: { code: 'FORBIDDEN', http: { status: 403 } } });
}
