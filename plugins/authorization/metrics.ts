import { metrics } from '@opentelemetry/api';
import type { Directive } from './grants.ts';

export interface AuthorizationMetrics {
  /** Operations of which a directive kept something back, and those that were shown whole. */
  decided(directive: Directive | 'none', outcome: 'allowed' | 'denied'): void;
  /** A policy engine that could not tell. */
  failed(engine: string): void;
}

/** `gatehouse.authorization.decisions`, by OpenTelemetry's API: to be called when its SDK has been set up, if there is one. */
export function authorizationMetrics(): AuthorizationMetrics {
  const meter = metrics.getMeter('gatehouse');
  const decisions = meter.createCounter('gatehouse.authorization.decisions', {
    description: 'Operations, by the directive that kept something of them back',
  });
  const failures = meter.createCounter('gatehouse.authorization.engine_failures', {
    description: 'Policy engines that could not tell',
  });
  return {
    decided: (directive, outcome) => decisions.add(1, { directive, outcome }),
    failed: (engine) => failures.add(1, { engine }),
  };
}
