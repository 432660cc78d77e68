import { resourceFromAttributes } from '@opentelemetry/resources';
import { openMetrics, type Metrics, type MetricsOptions } from '../../../plugins/telemetry/metrics/index.ts';
import { readPage, type Sample } from './page.ts';

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

export const OPERATION = {
  kind: 'query',
  name: 'Me',
  durationMs: 12,
  httpStatus: 200,
  errorCodes: new Set<string>(),
  depth: 3,
  fields: 7,
  traceId: undefined,
} as const;

export const REQUEST = {
  method: 'POST',
  scheme: 'http',
  route: '/graphql',
  status: 200,
  durationMs: 13,
  traceId: undefined,
} as const;

export interface OpenedMetrics extends Metrics {
  /** Of a family on its page, in OpenMetrics. */
  samples(family: string): Promise<readonly Sample[]>;
  readonly logged: readonly string[];
}

export function opened(options: Partial<MetricsOptions> = {}): OpenedMetrics {
  const logged: string[] = [];
  const log = (_: unknown, message?: string) => void logged.push(message ?? String(_));
  const resource = resourceFromAttributes({ 'service.name': 'gatehouse' });
  const metrics = openMetrics({ resource, log: { info: log, warn: log } as MetricsOptions['log'], ...options });
  return {
    ...metrics,
    logged,
    async samples(family) {
      const { body } = await metrics.page('application/openmetrics-text');
      return readPage(body, 'openmetrics').families.get(family)?.samples ?? [];
    },
  };
}
