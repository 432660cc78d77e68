import { metrics } from '@opentelemetry/api';

export interface SubscriptionMetrics {
  active(change: 1 | -1): void;
  /** What became of an event for so many clients. */
  events(outcome: 'delivered' | 'filtered' | 'withheld' | 'limited' | 'dropped', count: number): void;
}

export function subscriptionMetrics(): SubscriptionMetrics {
  const meter = metrics.getMeter('gatehouse');
  const active = meter.createUpDownCounter('gatehouse.subscriptions.active', {
    description: 'Subscriptions of clients that are open',
  });
  const events = meter.createCounter('gatehouse.subscriptions.events', {
    description: 'Events of subscriptions, counted for each client',
  });
  return {
    active: (change) => active.add(change),
    events: (outcome, count) => count > 0 && events.add(count, { outcome }),
  };
}
