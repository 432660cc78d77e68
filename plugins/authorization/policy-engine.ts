import type { Principal } from '../request-context.ts';

/** What a policy needs of an object, as subgraphs gave it: under the names that its `needs` has. */
export type Resource = Readonly<Record<string, unknown>>;

/** One question: may this principal do this, by this policy? */
export interface PolicyQuestion {
  /** The name in `@policy`. */
  readonly policy: string;
  readonly principal: Principal;
  readonly action: {
    readonly kind: 'query' | 'mutation' | 'subscription';
    /** `Type.field`, or `Type` when the policy is the type's. */
    readonly coordinate: string;
  };
  /** Of the field, as they will be executed; none of a type. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Of the object, for a policy that needs it. */
  readonly resource?: Resource;
  readonly request: {
    readonly operationName: string | undefined;
    /** Empty when it is not known. */
    readonly address: string;
  };
}

export type PolicyDecision =
  | {
      readonly outcome: 'allow' | 'deny';
      /** For how long at most it may be remembered, in ms; undefined for the configured time. */
      readonly ttl?: number | undefined;
    }
  /**
   * Nobody could tell. `reason` is for the log. Only an outage, which no client can bring about by what it asks, may be
   * answered with `onFailure: 'allow'`.
   */
  | { readonly outcome: 'failed'; readonly reason: string; readonly isOutage?: true };

/** Decides by policies of its own. */
export interface PolicyEngine {
  readonly name: string;
  /**
   * One decision for each question, in order: all questions of an operation in one call. An engine that rejects, or
   * gives another number of decisions, has failed for all of them. It is to end when the signal aborts.
   */
  decide(
    questions: readonly PolicyQuestion[],
    signal: AbortSignal,
  ): readonly PolicyDecision[] | Promise<readonly PolicyDecision[]>;
  close?(): void | Promise<void>;
}
