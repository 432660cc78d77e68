import type { SanitizedVariables } from '../sanitize/index.ts';

/** What is written of one operation, or of a request that did not become one. Immutable. */
export interface AuditRecord {
  readonly type: 'operation' | 'subscription-start' | 'subscription-end' | 'request';
  /** When it began, ISO 8601 in UTC. */
  readonly time: string;
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly transport: 'http' | 'websocket';
  readonly principal: RecordedPrincipal | undefined;
  /** As far as the options say. */
  readonly address: string | undefined;
  readonly operation: RecordedOperation | undefined;
  readonly variables: SanitizedVariables | undefined;
  readonly authorization: RecordedAuthorization | undefined;
  readonly cost: { readonly estimated: number; readonly actual: number | undefined } | undefined;
  readonly cache: { readonly outcome: string; readonly tier: string | undefined } | undefined;
  readonly calls: readonly RecordedCall[] | undefined;
  /** Calls that are not in `calls`. */
  readonly moreCalls: number | undefined;
  /** Error codes of what the client got. */
  readonly codes: readonly string[];
  /** Of the HTTP response. */
  readonly status: number | undefined;
  /** `left`: the client went before all was sent; `open`: not all is sent yet, since a subscription begins, or a record is on the disk before the answer. */
  readonly ended: 'answered' | 'left' | 'open';
  /** It was answered as an equal request before it, without executing anything. */
  readonly again: true | undefined;
  /** How many operations the HTTP request had: status, codes, calls and bytes are of all of them. */
  readonly batch: number | undefined;
  /** ms from its beginning. */
  readonly duration: number;
  /** Responses that were sent: for a subscription, its events. */
  readonly responses: number;
  /** Bytes that were sent; undefined while they are not known. */
  readonly bytes: number | undefined;
}

export interface RecordedPrincipal {
  readonly id: string;
  readonly kind: string;
  readonly method: string;
  readonly clientId: string | undefined;
}

export interface RecordedOperation {
  readonly name: string | undefined;
  readonly kind: string;
  /** SHA-256 of the whole `document`, base64url. */
  readonly hash: string | undefined;
  /** Without literals, names of variables and aliases; undefined when it is long, or does not fit the schema. */
  readonly document: string | undefined;
  /** Coordinates of fields that are `@sensitive`. */
  readonly sensitive: readonly string[] | undefined;
}

/** `refused`: the code by which all of it was. */
export type RecordedAuthorization =
  | { readonly outcome: 'refused'; readonly code: string }
  | {
      readonly outcome: 'withheld';
      readonly code: string;
      /** Coordinates. */
      readonly fields: readonly string[];
      /** Some of it was decided by the data of the response. */
      readonly onData: boolean;
    };

export interface RecordedCall {
  readonly subgraph: string;
  /** Undefined when it was under way still. */
  readonly outcome: string | undefined;
  /** ms */
  readonly duration: number | undefined;
  /** How often it was sent; 0 when the cache had all of it. */
  readonly attempts: number;
}
