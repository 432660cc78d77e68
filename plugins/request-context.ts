import type { DocumentNode, FieldNode } from 'graphql';

/**
 * What plugins leave in the context of a request for one another: they meet here and import nothing else of each other.
 * Each part is there when the plugin that sets it is in the config and has run.
 */
export interface GatehouseContext {
  /** Who is calling; set before anything is parsed, by `plugins/authentication`. */
  readonly principal?: Principal | undefined;
  /** Where the request came from, through trusted proxies; set with the principal. */
  readonly address?: string | undefined;
  /** What of the operation is withheld; set before it is executed, by `plugins/authorization`. */
  readonly withheld?: Withheld | undefined;
}

/**
 * Fields of a client's document that this request does not get: no subgraph is asked for them, and each is null with
 * its error where it would stand in the response.
 */
export interface Withheld {
  /** What is asked for instead: the client's document without the fields. The same object for the same decision. */
  readonly document: DocumentNode;
  /** The nodes of the client's document. A field that stands there more than once is withheld where all of it is. */
  readonly fields: ReadonlySet<FieldNode>;
  readonly code: string;
  readonly message: string;
}

/** Who is calling. Immutable, the same over HTTP, SSE and WebSocket. */
export interface Principal {
  /** Unique among all principals of its method and issuer: a subject, a key's id; `anonymous`. */
  readonly id: string;
  readonly kind: 'user' | 'client' | 'anonymous';
  readonly method: 'jwt' | 'api-key' | 'introspection' | 'none';
  /** The application that calls, for itself or for a user. */
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  /** What its credential says, as it was verified. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The class of service it has, for limits. */
  readonly tier: string | undefined;
  /** ms since 1970; undefined for what does not end by itself. */
  readonly expiresAt: number | undefined;
}

/** Who calls without a credential. */
export const ANONYMOUS: Principal = Object.freeze({
  id: 'anonymous',
  kind: 'anonymous',
  method: 'none',
  clientId: undefined,
  scopes: Object.freeze([]),
  roles: Object.freeze([]),
  claims: Object.freeze({}),
  tier: undefined,
  expiresAt: undefined,
});
