import type { Principal } from '../request-context.ts';
import type { Reach } from './outage.ts';

/** What a request carries to prove who sends it. Its text is never logged, kept or shown. */
export type Credential =
  | { readonly scheme: 'bearer'; readonly token: string }
  | { readonly scheme: 'api-key'; readonly key: string };

/** Where a credential came from, for methods that bind it to a place. */
export interface Caller {
  /** The address at the other end of the socket, or what trusted proxies say it is. */
  readonly address: string;
  /** The `Origin` header: set by browsers. */
  readonly origin: string | undefined;
}

export type Verdict =
  | { readonly outcome: 'accepted'; readonly principal: Principal }
  /** The credential is wrong. `reason` is for the log: short, and without any part of the credential. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** Nobody can tell now. `retryAfter` in s. */
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly retryAfter: number };

/** One way to prove who is calling. */
export interface AuthenticationMethod {
  readonly name: 'jwt' | 'api-key' | 'introspection';
  /** Whether it is for this method to decide, by the credential's form alone. The first method that says so decides. */
  recognizes(credential: Credential): boolean;
  /**
   * What it knows of the credential already; undefined when it would have to work or ask. This is the hot path.
   *
   * @param now ms since 1970
   */
  recall(credential: Credential, caller: Caller, now: number): Verdict | undefined;
  /** Never rejects. `now` in ms since 1970. */
  authenticate(credential: Credential, caller: Caller, now: number): Verdict | Promise<Verdict>;
  /**
   * What holds of a credential that was accepted, as of now and not of what is remembered, where that may have changed.
   * For callers that stay. Never rejects.
   */
  review(credential: Credential, caller: Caller, now: number): Verdict | Promise<Verdict>;
  /** How it stands with each identity provider that it asks. `error` completes "it ..."; it holds no address. */
  reach?(): readonly Reach[];
  /** Ends what it has under way. */
  close?(): void | Promise<void>;
}
