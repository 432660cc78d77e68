import { addressGroup } from '../client-address/index.ts';
import { ANONYMOUS, type Principal } from '../request-context.ts';
import type { Presented } from './credential.ts';
import { failureLimit } from './failure-limit.ts';
import type { AuthenticationMethod, Caller, Verdict } from './method.ts';
import { provenCredentials } from './proven-credentials.ts';

/** What comes of asking who is calling. */
export type Outcome =
  | { readonly outcome: 'accepted'; readonly principal: Principal }
  | { readonly outcome: 'refused'; readonly why: 'missing' | 'invalid' }
  /** Too many failures came from there. `retryAfter` in s. */
  | { readonly outcome: 'limited'; readonly retryAfter: number }
  | { readonly outcome: 'unavailable'; readonly retryAfter: number };

/** Told of each decision; `reason` is for the log, and never holds a part of a credential. */
export type Witness = (
  method: Principal['method'],
  outcome: Outcome['outcome'],
  reason: string | undefined,
  caller: Caller,
) => void;

/** `now` in ms since 1970. */
export interface Authenticator {
  /** Answers without a promise where it can. */
  authenticate(presented: Presented, caller: Caller, now: number): Outcome | Promise<Outcome>;
  /** Whom it remembers, and lets in; undefined for all else, of which nothing is told or counted. */
  recall(presented: Presented, caller: Caller, now: number): Principal | undefined;
}

const NOBODY: Outcome = Object.freeze({ outcome: 'accepted', principal: ANONYMOUS });
const MISSING: Outcome = Object.freeze({ outcome: 'refused', why: 'missing' });
const INVALID: Outcome = Object.freeze({ outcome: 'refused', why: 'invalid' });

/**
 * Asks the first method that recognizes the credential; what is there and not accepted is never taken for nothing. An
 * address with many failures waits before anything of it is looked at that was never known to be good: whoever shares
 * it with somebody who guesses is not locked out.
 */
export function authenticator(
  methods: readonly AuthenticationMethod[],
  anonymous: 'allow' | 'deny',
  witness: Witness,
): Authenticator {
  const limit = failureLimit();
  const proven = provenCredentials();

  function refuse(method: Principal['method'], reason: string, caller: Caller, now: number): Outcome {
    const group = addressGroup(caller.address) ?? '';
    const retryAfter = limit.waitOf(group, now);
    if (retryAfter === undefined) limit.failed(group, now);
    witness(method, retryAfter === undefined ? 'refused' : 'limited', reason, caller);
    return retryAfter === undefined ? INVALID : { outcome: 'limited', retryAfter };
  }

  function conclude(verdict: Verdict, method: Principal['method'], caller: Caller, now: number): Outcome {
    switch (verdict.outcome) {
      case 'accepted':
        witness(method, 'accepted', undefined, caller);
        return verdict;
      case 'refused':
        return refuse(method, verdict.reason, caller, now);
      case 'unavailable':
        witness(method, 'unavailable', verdict.reason, caller);
        return { outcome: 'unavailable', retryAfter: verdict.retryAfter };
    }
  }

  function authenticate(presented: Presented, caller: Caller, now: number): Outcome | Promise<Outcome> {
    if (presented.kind === 'none') {
      witness('none', anonymous === 'allow' ? 'accepted' : 'refused', undefined, caller);
      return anonymous === 'allow' ? NOBODY : MISSING;
    }
    if (presented.kind === 'one') {
      for (const method of methods) {
        const known = method.recall(presented.credential, caller, now);
        if (known) return conclude(known, method.name, caller, now);
      }
    }
    const isProven = presented.kind === 'one' && proven.has(presented.credential);
    const wait = limit.waitOf(addressGroup(caller.address) ?? '', now);
    if (wait !== undefined && !isProven) {
      witness('none', 'limited', undefined, caller);
      return { outcome: 'limited', retryAfter: wait };
    }
    if (presented.kind === 'malformed') {
      return refuse('none', presented.reason, caller, now);
    }
    const { credential } = presented;
    const method = methods.find((one) => one.recognizes(credential));
    if (!method) return refuse('none', 'no method takes it', caller, now);
    const learn = (verdict: Verdict): Outcome => {
      if (verdict.outcome === 'accepted') proven.add(credential);
      if (verdict.outcome === 'refused') proven.remove(credential);
      return conclude(verdict, method.name, caller, now);
    };
    const verdict = method.authenticate(credential, caller, now);
    return verdict instanceof Promise ? verdict.then(learn) : learn(verdict);
  }

  return {
    authenticate,
    recall(presented, caller, now) {
      if (presented.kind === 'none' && anonymous === 'allow') {
        witness('none', 'accepted', undefined, caller);
        return ANONYMOUS;
      }
      if (presented.kind !== 'one') return undefined;
      for (const method of methods) {
        const known = method.recall(presented.credential, caller, now);
        if (!known) continue;
        if (known.outcome !== 'accepted') return undefined;
        witness(method.name, 'accepted', undefined, caller);
        return known.principal;
      }
      return undefined;
    },
  };
}
