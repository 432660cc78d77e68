import type { PolicyDecision } from '../policy-engine.ts';

const ALLOW: PolicyDecision = Object.freeze({ outcome: 'allow' });
const DENY: PolicyDecision = Object.freeze({ outcome: 'deny' });

export function decisionOf(allowed: boolean): PolicyDecision {
  return allowed ? ALLOW : DENY;
}

/** `reason` is for the log: it must hold nothing of claims, arguments or addresses. */
export function failed(reason: string): PolicyDecision {
  return { outcome: 'failed', reason };
}

/** The same, when it was not for the question. */
export function outage(reason: string): PolicyDecision {
  return { outcome: 'failed', reason, isOutage: true };
}

/** For what the signal has ended. */
export const TOO_LATE = Object.freeze(failed('it was not decided in time'));
