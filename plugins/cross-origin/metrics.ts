import { metrics } from '@opentelemetry/api';

/** By OpenTelemetry's API: to be called when its SDK has been set up, if there is one. */
export function forgedRequestCounter(): () => void {
  const refused = metrics.getMeter('gatehouse').createCounter('gatehouse.cross_origin.refused', {
    description: 'Requests that were refused since a page of another site could have sent them',
  });
  return () => refused.add(1);
}
