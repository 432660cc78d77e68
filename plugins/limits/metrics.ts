import { metrics } from '@opentelemetry/api';

export interface LimitMetrics {
  decided(policy: string, outcome: 'allowed' | 'refused'): void;
  /** More of a measure than its limit. `measured`: it was let through. */
  exceeded(measure: string, outcome: 'refused' | 'measured'): void;
  cost(kind: 'estimated' | 'actual', cost: number): void;
  reached(policy: string, threshold: number): void;
}

/** By OpenTelemetry's API: to be called when its SDK has been set up, if there is one. */
export function limitMetrics(): LimitMetrics {
  const meter = metrics.getMeter('gatehouse');
  const decisions = meter.createCounter('gatehouse.limits.decisions', {
    description: 'Decisions of policies and static limits',
  });
  const costs = meter.createHistogram('graphql.operation.cost', {
    description: 'Cost of operations, as estimated before and as counted afterwards',
  });
  const thresholds = meter.createCounter('gatehouse.limits.thresholds', {
    description: 'Thresholds of quotas that were reached',
  });
  return {
    decided: (policy, outcome) => decisions.add(1, { policy, outcome }),
    exceeded: (measure, outcome) => decisions.add(1, { policy: `static:${measure}`, outcome }),
    cost: (kind, cost) => costs.record(cost, { kind }),
    reached: (policy, threshold) => thresholds.add(1, { policy, threshold }),
  };
}
