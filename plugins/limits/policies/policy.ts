import type { OperationTypeNode } from 'graphql';
import type { Principal } from '../../request-context.ts';
import type { Bucket } from '../buckets/bucket.ts';
import type { OnStoreFailure } from '../buckets/entry.ts';
import type { QuotaOptions } from '../quotas/quota.ts';

/** What is counted: each operation, or what it costs. */
export type Unit = 'request' | 'cost';

/**
 * Who shares a bucket or a quota: one principal (those without a credential by their address), one application, one
 * address (IPv6 by /64), all who run an operation of one name, or all.
 */
export type Scope = 'principal' | 'client' | 'address' | 'operation' | 'global';

/** Operations that a policy is for: all that is given must fit. Of a list, one. */
export interface Match {
  /** Default: any. */
  readonly principalKind?: Principal['kind'] | readonly Principal['kind'][];
  /** Default: any. */
  readonly tier?: string | readonly string[];
  /** Default: any. */
  readonly clientId?: string | readonly string[];
  /** Default: any. */
  readonly operationName?: string | readonly string[];
  /** Default: any. */
  readonly operationKind?: `${OperationTypeNode}` | readonly `${OperationTypeNode}`[];
}

interface Counted {
  /** In answers, metrics and logs: letters, digits, `-` and `_`. Unique. */
  readonly name: string;
  /** Default: all operations. */
  readonly match?: Match;
  /** Default: `request`. */
  readonly unit?: Unit;
  /** Of the cost, that of one subgraph. Default: of all. */
  readonly subgraph?: string;
  /** Default: `principal`. */
  readonly scope?: Scope;
  /** Whether each event of a subscription counts too; one beyond the limit is dropped. Default: false. */
  readonly events?: boolean;
  /** What holds while the store is away. Default: `local`. */
  readonly onStoreFailure?: OnStoreFailure;
}

/** A token bucket for each of its scope. A principal's own (`Principal.limits`) goes before. */
export interface RatePolicy extends Counted, Bucket {}

/** So much in each calendar period, for each of its scope. */
export interface QuotaPolicy extends Counted, QuotaOptions {}

/** What policies look at. */
export interface Caller {
  readonly principal: Principal;
  /** Empty when it is not known. */
  readonly address: string;
}

export interface NamedOperation {
  readonly kind: `${OperationTypeNode}`;
  readonly name: string | undefined;
}
