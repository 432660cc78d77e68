import { metrics } from '@opentelemetry/api';

/** `refused`: the operation, for want of room. */
export type RecordOutcome = 'written' | 'dropped' | 'refused';

export type CountRecords = (sink: string, outcome: RecordOutcome, count: number) => void;

/** By OpenTelemetry's API: to be called when its SDK has been set up, if there is one. */
export function recordCounter(): CountRecords {
  const counter = metrics.getMeter('gatehouse').createCounter('gatehouse.audit.records', {
    description: 'Records of the audit log, by what became of them',
  });
  return (sink, outcome, count) => counter.add(count, { sink, outcome });
}
