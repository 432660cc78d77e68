import { readText } from '../../deploy/repository.ts';
import { labelName } from '../../../plugins/telemetry/metrics/prometheus/names.ts';
import type { Instrument } from './instruments.ts';

export interface DocumentedMetric extends Instrument {
  readonly labels: readonly string[];
}

/** The table of docs/metrics.md. */
export function documentedMetrics(): readonly DocumentedMetric[] {
  const rows = readText('docs/metrics.md').matchAll(
    /^\| `([a-z0-9_.]+)` +\| (counter|gauge|histogram) +\| +(?:`(\w+)`)? *\| ([^|]*)\|/gm,
  );
  return [...rows].map(([, name = '', type, unit = '', labels = '']) => ({
    name,
    type: type as Instrument['type'],
    unit,
    labels: [...labels.matchAll(/`([^`]+)`/g)].map(([, label = '']) => labelName(label)),
  }));
}
