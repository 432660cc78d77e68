import type { Attributes } from '@opentelemetry/api';
import {
  DataPointType,
  type DataPoint,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Exemplar } from '../exemplars.ts';
import type { Format } from './format.ts';
import { familyName, labelName, type FamilyName } from './names.ts';

type Type = 'counter' | 'gauge' | 'histogram';
type Label = readonly [name: string, value: string];

interface Family extends FamilyName {
  readonly type: Type;
  readonly help: string;
  /** Of which it has a metric. */
  readonly scopes: Set<string>;
  readonly lines: string[];
}

/** Exemplars of a series by the index of the bucket; to be had for histograms. */
export type FindExemplars = (metric: string, attributes: Attributes) => readonly (Exemplar | undefined)[];

/** Gatehouse's own scope goes without saying; that of others is a label, which keeps their series apart. */
const OWN_SCOPE = 'gatehouse';

/**
 * Cumulative metrics as a page for Prometheus. Of metrics whose names come out the same the first stays, unless scope
 * and type keep them apart; exponential histograms, which the formats do not have, are left out.
 */
export function exposition(
  { resource, scopeMetrics }: ResourceMetrics,
  format: Format,
  exemplars: FindExemplars,
): string {
  const families = new Map<string, Family>();
  for (const { scope, metrics } of scopeMetrics) {
    const ofScope: Label[] = scope.name === OWN_SCOPE ? [] : [['otel_scope_name', scope.name]];
    for (const metric of metrics) {
      const type = typeOf(metric);
      if (!type) continue;
      const { name, description, unit } = metric.descriptor;
      const named = familyName(name, unit, type);
      const family = families.get(named.name) ?? { ...named, type, help: description, scopes: new Set(), lines: [] };
      if (family.type !== type || family.scopes.has(scope.name)) continue;
      families.set(named.name, family);
      family.scopes.add(scope.name);
      family.lines.push(...linesOf(metric, named.name, ofScope, format, exemplars));
    }
  }
  const lines = [...families.values()].flatMap((family) => [...header(family, format), ...family.lines]);
  return `${[...lines, ...target(resource.attributes, format)].join('\n')}\n${format === 'openmetrics' ? '# EOF\n' : ''}`;
}

function typeOf(metric: MetricData): Type | undefined {
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return metric.isMonotonic ? 'counter' : 'gauge';
    case DataPointType.GAUGE:
      return 'gauge';
    case DataPointType.HISTOGRAM:
      return 'histogram';
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return undefined;
  }
}

function header({ name, unit, type, help }: Family, format: Format): string[] {
  const openmetrics = format === 'openmetrics';
  const shown = type === 'counter' && !openmetrics ? `${name}_total` : name;
  return [
    `# HELP ${shown} ${openmetrics ? quoted(help) : help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${shown} ${type}`,
    ...(openmetrics && unit ? [`# UNIT ${name} ${unit}`] : []),
  ];
}

function linesOf(
  metric: MetricData,
  name: string,
  ofScope: readonly Label[],
  format: Format,
  exemplars: FindExemplars,
): string[] {
  switch (metric.dataPointType) {
    case DataPointType.SUM:
    case DataPointType.GAUGE: {
      const series = typeOf(metric) === 'counter' ? `${name}_total` : name;
      return metric.dataPoints.map(
        ({ attributes, value }) => `${series}${block([...labelsOf(attributes), ...ofScope])} ${numberText(value)}`,
      );
    }
    case DataPointType.HISTOGRAM:
      return metric.dataPoints.flatMap((point) =>
        histogramLines(
          name,
          [...labelsOf(point.attributes), ...ofScope],
          point,
          format === 'openmetrics' ? exemplars(metric.descriptor.name, point.attributes) : [],
        ),
      );
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return [];
  }
}

function histogramLines(
  name: string,
  labels: readonly Label[],
  { value: { buckets, count, sum } }: DataPoint<Histogram>,
  exemplars: readonly (Exemplar | undefined)[],
): string[] {
  // No series may have two bounds.
  const others = labels.filter(([label]) => label !== 'le');
  const lines: string[] = [];
  let below = 0;
  for (const [index, counted] of buckets.counts.entries()) {
    below += counted;
    const bound = buckets.boundaries[index] ?? Infinity;
    const series = `${name}_bucket${block([...others, ['le', numberText(bound)]])}`;
    lines.push(`${series} ${below}${exemplarOf(exemplars[index])}`);
  }
  lines.push(`${name}_sum${block(others)} ${numberText(sum ?? 0)}`, `${name}_count${block(others)} ${count}`);
  return lines;
}

function exemplarOf(exemplar: Exemplar | undefined): string {
  if (!exemplar) return '';
  const { traceId, value, time } = exemplar;
  return ` # {trace_id="${traceId}"} ${numberText(value)} ${(time / 1_000).toFixed(3)}`;
}

/** What the metrics are of: a metric of its own, since a label on each series would say the same each time. */
function target(attributes: Attributes, format: Format): string[] {
  const openmetrics = format === 'openmetrics';
  return [
    `# HELP ${openmetrics ? 'target' : 'target_info'} What the metrics are of`,
    openmetrics ? '# TYPE target info' : '# TYPE target_info gauge',
    `target_info${block(labelsOf(attributes))} 1`,
  ];
}

/** Values of attributes whose names come out the same are joined, as the specification says. */
function labelsOf(attributes: Attributes): Label[] {
  const labels = new Map<string, string>();
  for (const name of Object.keys(attributes).toSorted()) {
    const value = attributes[name];
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const label = labelName(name);
    const before = labels.get(label);
    labels.set(label, before === undefined ? text : `${before};${text}`);
  }
  return [...labels];
}

function block(labels: readonly Label[]): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${quoted(value)}"`).join(',')}}`;
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
