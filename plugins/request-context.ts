import type { IncomingHttpHeaders } from 'node:http';
import type { ExecutionRequest, MaybeAsyncIterable, MaybePromise } from '@graphql-tools/utils';
import type { DocumentNode, ExecutionResult, FieldNode, GraphQLError, GraphQLSchema, SelectionSetNode } from 'graphql';
import type { OperationAccount } from './account/index.ts';
import type { OperationProfile } from './operation/index.ts';

/**
 * What plugins leave in the context of a request for one another: they meet here and import nothing else of each other.
 * Each part is there when the plugin that sets it is in the config and has run.
 */
export interface GatehouseContext {
  /** How the operation goes; set before all else by `useAccounts`, and by `plugins/server` for WebSockets. */
  readonly account?: OperationAccount | undefined;
  /** Who is calling; set before anything is parsed, by `plugins/authentication`. */
  readonly principal?: Principal | undefined;
  /** Where the request came from, through trusted proxies; set with the principal. */
  readonly address?: string | undefined;
  /** What of the operation is withheld; set before it is executed, by `plugins/authorization`. */
  readonly withheld?: Withheld | undefined;
  /** What the operation is; set before it is executed, by `useOperationProfiles`. */
  readonly operation?: OperationProfile | undefined;
  /** What the operation costs; set before it is executed, by `plugins/limits`. */
  readonly cost?: OperationCosts | undefined;
  /** Whether policies were asked about it: what they say may be otherwise at another time. Set with `withheld`. */
  readonly asksPolicies?: boolean | undefined;
  /** How the same may be answered again, as far as it may; set when it is answered, by `plugins/caching`. */
  readonly held?: HeldResponse | undefined;
  /** Admits the same operation again; set when it was executed, by `plugins/limits`. */
  readonly admitAgain?: AdmitAgain | undefined;
  /** What introspection tells of, if that is not the whole schema; set with `withheld`. */
  readonly visibleSchema?: GraphQLSchema | undefined;
  /** Who is calling, for operations that last; set with the principal. */
  readonly caller?: LiveCaller | undefined;
  /**
   * Until when policies hold to what they said, on the clock of `performance.now()`; undefined when none was asked. Set
   * with `withheld`.
   */
  readonly decidedUntil?: number | undefined;
  /** Decides once more what is withheld of an operation; set with `withheld`. */
  readonly authorizeAgain?: AuthorizeAgain | undefined;
  /**
   * What of the request and its principal goes on to subgraphs, beside the operation: subscriptions for which it differs
   * never share one of a subgraph. Set before a subscription is opened, by `plugins/upstream`; who sends more adds to it.
   */
  readonly sentUpstream?: ((principal: Principal | undefined) => string) | undefined;
  /** For subscriptions over WebSocket; set before the operation is executed, by `plugins/server`. */
  readonly openOutlet?: OpenOutlet | undefined;
  /** Set where events are limited, by `plugins/limits`; whoever gives events to clients asks it before. */
  admitEvent?: AdmitEvent | undefined;
  /** Events are admitted one by one by `plugins/subscriptions`, which has taken this on. */
  admitsEvents?: boolean | undefined;
  /** The operation goes on for as long as its client likes: no time limit is for all of it. */
  readonly lasts?: boolean | undefined;
  /**
   * Calls a subgraph, with what plugins do with such calls, in place of the gateway; set before the operation is
   * executed, by `plugins/upstream`.
   */
  readonly callSubgraph?: CallSubgraph | undefined;
  /** Judges each event of a subscription by what its subgraph gave, before anything else is fetched for it. */
  readonly eventGate?: EventGate | undefined;
}

export type CallSubgraph = (subgraphs: SubgraphAccess, name: string, request: ExecutionRequest) => SubgraphResult;

/** The subgraphs of one supergraph; the same object while it is served. */
export interface SubgraphAccess {
  /** The gateway's own way, which has the hooks of all plugins as well. */
  readonly call: (name: string, request: ExecutionRequest) => SubgraphResult;
  /** A subgraph's schema, built when it is first asked for. */
  readonly schemaOf: (name: string) => GraphQLSchema;
}

export type SubgraphResult = MaybePromise<MaybeAsyncIterable<ExecutionResult>>;

/** Somebody whose operations last: credentials end, are revoked, and are renewed meanwhile. */
export interface LiveCaller {
  /** As it is now. */
  readonly principal: Principal;
  /**
   * Tells when the principal has become another, such as one with other scopes, and when it has ended: undefined then,
   * and nothing more. The returned function stops that.
   */
  watch(listener: (principal: Principal | undefined) => void): () => void;
}

/** For a principal and a schema by which the document is valid. */
export type AuthorizeAgain = (
  schema: GraphQLSchema,
  principal: Principal,
) => AuthorizedAgain | Promise<AuthorizedAgain>;

export type AuthorizedAgain =
  | { readonly outcome: 'allowed'; readonly withheld: Withheld | undefined; readonly until: number | undefined }
  | { readonly outcome: 'refused'; readonly error: GraphQLError };

/** @param data by the response keys of what subgraphs are asked for; undefined where the subgraph gave none. */
export type EventGate = (
  data: Readonly<Record<string, unknown>> | undefined,
  errors: readonly { readonly path?: readonly (string | number)[] | null | undefined }[],
) => boolean | Promise<boolean>;

/** Takes the events of a subscription one by one. */
export interface EventOutlet {
  /** Sends it. False when no more can be sent for now: it was sent nevertheless, and `whenReady` tells when to go on. */
  send(event: ExecutionResult): boolean;
  /** With errors, these are the last that the client gets. */
  end(errors: readonly GraphQLError[] | undefined): void;
}

/**
 * Lets the events of a subscription go straight to its client, past what reads its result on the way. From then on the
 * result is only held, and given back when the client goes. `whenReady` is called when the first event may come, and
 * whenever more may after `send` gave false.
 */
export type OpenOutlet = (whenReady: () => void) => EventOutlet;

/** Whether an event of a subscription is within the limits. */
export type AdmitEvent = (event: ExecutionResult) => boolean | Promise<boolean>;

/** Under this name, on a response that goes to many: its JSON in UTF-8, made when it is first asked for. */
export const SERIALIZED = Symbol('serialized');

export interface SharedResponse {
  [SERIALIZED](): Buffer;
}

/**
 * The headers with which a subgraph says how long, and for whom, its answer may be kept (RFC 9111): `plugins/upstream`
 * leaves them on the answer under this name.
 */
export const CACHING_HEADERS = Symbol('caching headers');

/**
 * Under this name in the extensions of an operation for a subgraph: what tells equal operations apart that must not be
 * answered by one call, since the answer of the earlier may not be true any more.
 */
export const NOT_BEFORE = Symbol('not before');

/**
 * Under this name in the extensions of a subscription for a subgraph: gives its headers as they are at the moment, for
 * when it is opened again.
 */
export const CURRENT_HEADERS = Symbol('current headers');

export interface CachingHeaders {
  readonly 'cache-control': string | null;
  readonly age: string | null;
  readonly vary: string | null;
}

/** A whole response that the cache holds for whoever may see all of it. */
export interface HeldResponse {
  /** For a request with these headers; undefined when this process does not have it any more, or not fresh. */
  current(headers: IncomingHttpHeaders): CurrentResponse | undefined;
  /** To be called when it was given as an answer. */
  answered(): void;
}

export interface CurrentResponse {
  /** 304: the client has the body already, and gets none. */
  readonly status: 200 | 304;
  readonly body: Buffer;
  readonly etag: string;
  /** By their names in lower case: `cache-status` and the like. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Takes the tokens that an operation costs which ran before. Undefined when it is not admitted. */
export type AdmitAgain = (
  principal: Principal | undefined,
  address: string,
) => AdmittedAgain | undefined | Promise<AdmittedAgain | undefined>;

export interface AdmittedAgain {
  /** How it stands with the limits. */
  readonly headers: Readonly<Record<string, string>>;
}

/** By the schema's `@cost` and `@listSize`. */
export interface OperationCosts {
  readonly estimated: number;
  /** By the response; undefined until there is one. */
  actual?: number;
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
  /** What only the data of the response tells. */
  readonly onData?: DataDecisions | undefined;
}

/** Decisions about objects, taken on what subgraphs have given of them, once for each response. */
export interface DataDecisions {
  /** With this begin the response keys of all that `Withheld.document` asks for beyond the client's document. */
  readonly prefix: string;
  /**
   * What must be known of an object before the client may see a field of it, or before it may see the object as the
   * value of a field. Undefined when it may. The same object for the same field, type and decision.
   *
   * @param node a field of the client's document that is not withheld
   * @param typeName of the object: that has the field, or that the field gives
   */
  neededFor(node: FieldNode, of: 'field' | 'value', typeName: string): NeededData | undefined;
  /** Whether the client may see each, in order; or why the whole response is refused. Never rejects. */
  decide(found: readonly FoundData[]): Promise<readonly boolean[] | GraphQLError>;
}

export interface NeededData {
  readonly byPolicy: ReadonlyMap<string, NeededSelection>;
}

export interface NeededSelection {
  /** On the object. */
  readonly selectionSet: SelectionSetNode;
  /** With this begin its response keys, before the names that the policy has for them. */
  readonly keyStart: string;
}

export interface FoundData {
  readonly needed: NeededData;
  /** By policy, under the names that the policy has. Undefined when a part could not be had. */
  readonly data: ReadonlyMap<string, Readonly<Record<string, unknown>> | undefined>;
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
  /** Its own rates, by the policy that each stands in place of. */
  readonly limits?: Readonly<Record<string, Rate>>;
  /** ms since 1970; undefined for what does not end by itself. */
  readonly expiresAt: number | undefined;
}

/** Tokens of a full bucket, and how many come back in a second. */
export interface Rate {
  readonly capacity: number;
  readonly refillPerSecond: number;
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
