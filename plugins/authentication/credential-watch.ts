import { hash } from 'node:crypto';
import type { LiveCaller, Principal } from '../request-context.ts';
import type { AuthenticationMethod, Caller, Credential, Verdict } from './method.ts';

/** How often each credential is looked at, in ms; with the time that it takes to ask, less than a second. */
const REVIEW_MS = 750;
/** Credentials that are asked about at the same time. */
const CONCURRENCY = 20;

type Listener = (principal: Principal | undefined) => void;

interface Watched {
  readonly credential: Credential;
  readonly method: AuthenticationMethod;
  readonly caller: Caller;
  principal: Principal;
  readonly listeners: Set<Listener>;
}

export interface CredentialWatch {
  /** Who called with a credential that was accepted. */
  callerOf(credential: Credential, method: AuthenticationMethod, caller: Caller, principal: Principal): LiveCaller;
  /** Credentials that are looked at. */
  size(): number;
  close(): void;
}

/**
 * Looks after the credentials of those who stay: each is reviewed while somebody watches it, once for all who do. One
 * that cannot be reviewed stands until it ends by itself.
 */
export function credentialWatch(): CredentialWatch {
  const watched = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;
  let isReviewing = false;

  function tell(key: string, one: Watched, principal: Principal | undefined): void {
    if (principal) one.principal = principal;
    else watched.delete(key);
    for (const listener of one.listeners) listener(principal);
  }

  async function review(key: string, one: Watched): Promise<void> {
    const verdict = await reviewed(one);
    if (watched.get(key) !== one) return;
    if (verdict.outcome === 'refused') tell(key, one, undefined);
    else if (verdict.outcome === 'accepted' && verdict.principal !== one.principal) tell(key, one, verdict.principal);
  }

  /** A method that breaks its promise and rejects cannot tell. */
  async function reviewed({ method, credential, caller }: Watched): Promise<Verdict> {
    try {
      return await method.review(credential, caller, Date.now());
    } catch {
      return { outcome: 'unavailable', reason: 'the method failed', retryAfter: 1 };
    }
  }

  /** At once, however long it takes to ask about others. */
  function endExpired(): void {
    const now = Date.now();
    for (const [key, one] of watched) {
      const { expiresAt } = one.principal;
      if (expiresAt !== undefined && expiresAt <= now) tell(key, one, undefined);
    }
  }

  async function reviewAll(): Promise<void> {
    endExpired();
    if (isReviewing) return;
    isReviewing = true;
    const all = watched.entries();
    const next = async (): Promise<void> => {
      for (const [key, one] of all) await review(key, one);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, next));
    isReviewing = false;
  }

  function stopIfNobody(): void {
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    callerOf: (credential, method, caller, principal) => ({
      principal,
      watch(listener) {
        const key = keyOf(credential, caller);
        const one = watched.get(key) ?? { credential, method, caller, principal, listeners: new Set() };
        watched.set(key, one);
        timer ??= setInterval(() => void reviewAll(), REVIEW_MS).unref();
        // One's own, so that the same function may watch twice.
        const own: Listener = (next) => listener(next);
        one.listeners.add(own);
        if (one.principal !== principal) queueMicrotask(() => one.listeners.has(own) && own(one.principal));
        return () => {
          one.listeners.delete(own);
          if (one.listeners.size === 0 && watched.get(key) === one) watched.delete(key);
          stopIfNobody();
        };
      },
    }),
    size: () => watched.size,
    close() {
      watched.clear();
      stopIfNobody();
    },
  };
}

/** Not the credential itself, which is nobody's to read. */
function keyOf(credential: Credential, { address, origin = '' }: Caller): string {
  const text = credential.scheme === 'bearer' ? credential.token : credential.key;
  return hash('sha256', `${credential.scheme} ${address} ${origin} ${text}`, 'base64url');
}
