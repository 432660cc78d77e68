import { metrics } from '@opentelemetry/api';
import type { Outcome } from './authenticator.ts';
import type { Principal } from '../request-context.ts';

/** Counts a decision. */
export type CountDecision = (method: Principal['method'], outcome: Outcome['outcome']) => void;

/** `gatehouse.authentication.decisions`, by OpenTelemetry's API: to be called when its SDK has been set up, if there is one. */
export function decisionCounter(): CountDecision {
  const decisions = metrics.getMeter('gatehouse').createCounter('gatehouse.authentication.decisions', {
    description: 'Credentials, and requests without one, by what came of them',
  });
  return (method, outcome) => decisions.add(1, { method, outcome });
}
