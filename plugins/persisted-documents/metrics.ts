import { metrics } from '@opentelemetry/api';

/**
 * What became of a request: its document was `listed`, `found` among the registered, or `registered` by it; was
 * `not_found`; is another than the one that it names (`mismatch`); is not listed and was therefore `refused`, or would
 * be (`would_refuse`). `unavailable`: the store could not be asked.
 */
export type DocumentOutcome =
  | 'listed'
  | 'found'
  | 'registered'
  | 'not_found'
  | 'mismatch'
  | 'refused'
  | 'would_refuse'
  | 'unavailable';

export interface DocumentMetrics {
  count(outcome: DocumentOutcome): void;
  reloaded(outcome: 'success' | 'failure'): void;
}

/** By OpenTelemetry's API: to be called when its SDK has been set up, if there is one. */
export function documentMetrics(): DocumentMetrics {
  const meter = metrics.getMeter('gatehouse');
  const documents = meter.createCounter('gatehouse.persisted_documents', {
    description: 'Requests by what became of the document that they name',
  });
  const reloads = meter.createCounter('gatehouse.persisted_documents.reloads', {
    description: 'Manifests of documents that were read again',
  });
  return {
    count: (outcome) => documents.add(1, { outcome }),
    reloaded: (outcome) => reloads.add(1, { outcome }),
  };
}
