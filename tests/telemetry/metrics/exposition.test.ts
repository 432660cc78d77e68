import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundariesOf, MAX_SERIES } from '../../../plugins/telemetry/metrics/boundaries.ts';
import { summingMeters } from '../../../plugins/telemetry/metrics/summing-meter.ts';
import { PageReader } from '../../../plugins/telemetry/metrics/page-reader.ts';
import { exposition, type FindExemplars } from '../../../plugins/telemetry/metrics/prometheus/exposition.ts';
import { preferredFormat } from '../../../plugins/telemetry/metrics/prometheus/format.ts';
import { familyName } from '../../../plugins/telemetry/metrics/prometheus/names.ts';
import { readPage, type Page, type PageFamily } from './page.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 200);
const FORMATS = ['text', 'openmetrics'] as const;
const NO_EXEMPLARS: FindExemplars = () => [];

describe('the page', () => {
  test.each(FORMATS)('has every number that was recorded, under its labels: %s', async (format) => {
    await fc.assert(
      fc.asyncProperty(instruments, async (given) => {
        const page = readPage(exposition(await recorded(given), format, NO_EXEMPLARS), format);
        for (const instrument of given) expectRecorded(page, instrument, format);
        expect(page.families.size).toBe(given.length + 1);
      }),
      { numRuns: RUNS },
    );
  });

  test('keeps of two metrics with one name the first, and both when their scopes tell them apart', async () => {
    const { provider, reader } = meters();
    provider.getMeter('gatehouse').createCounter('a.b').add(1);
    provider.getMeter('gatehouse').createCounter('a_b').add(2);
    provider.getMeter('gatehouse').createUpDownCounter('a.b.total').add(3);
    provider.getMeter('other').createCounter('a.b').add(4);
    const { resourceMetrics } = await reader.collect();
    const page = readPage(exposition(resourceMetrics, 'openmetrics', NO_EXEMPLARS), 'openmetrics');
    expect(page.families.get('a_b')?.samples.map(({ labels, value }) => ({ labels, value }))).toEqual([
      { labels: {}, value: 1 },
      { labels: { otel_scope_name: 'other' }, value: 4 },
    ]);
  });

  test('joins values of labels whose names come out the same', async () => {
    const { provider, reader } = meters();
    provider.getMeter('gatehouse').createCounter('c').add(1, { 'a.b': 'x', a_b: 'y', '1st': 'z' });
    const text = exposition((await reader.collect()).resourceMetrics, 'text', NO_EXEMPLARS);
    expect(text).toContain('c_total{_1st="z",a_b="x;y"} 1\n');
  });

  test('has the exemplar of each bucket in OpenMetrics alone', async () => {
    const { provider, reader } = meters();
    provider.getMeter('gatehouse').createHistogram('h', { unit: 's' }).record(7, { a: 'b' });
    const { resourceMetrics } = await reader.collect();
    const exemplar = { traceId: 'f'.repeat(32), value: 7, time: 1_700_000_000_123 };
    const find: FindExemplars = (metric, attributes) =>
      metric === 'h' && attributes['a'] === 'b' ? [undefined, undefined, exemplar] : [];

    const openmetrics = readPage(exposition(resourceMetrics, 'openmetrics', find), 'openmetrics');
    const buckets = openmetrics.families.get('h_seconds')?.samples.filter(({ exemplar: found }) => found);
    expect(buckets).toEqual([
      expect.objectContaining({
        labels: { a: 'b', le: '10' },
        value: 1,
        exemplar: { traceId: exemplar.traceId, value: 7, seconds: 1_700_000_000.123 },
      }),
    ]);
    expect(exposition(resourceMetrics, 'text', find)).not.toContain('trace_id');
  });
});

test.each([
  ['http.server.request.duration', 's', 'histogram', 'http_server_request_duration_seconds', 'seconds'],
  ['gatehouse.cache.requests', '', 'counter', 'gatehouse_cache_requests', undefined],
  ['gatehouse.requests.total', '', 'counter', 'gatehouse_requests', undefined],
  ['nodejs.eventloop.utilization', '1', 'gauge', 'nodejs_eventloop_utilization_ratio', 'ratio'],
  ['hits', '1', 'counter', 'hits', undefined],
  ['queue.length', '{item}', 'gauge', 'queue_length', undefined],
  ['process.memory.usage', 'By', 'gauge', 'process_memory_usage_bytes', 'bytes'],
  ['disk.io', 'By/s', 'gauge', 'disk_io_bytes_per_second', 'bytes_per_second'],
  ['uptime.seconds', 's', 'gauge', 'uptime_seconds', 'seconds'],
  ['a--b', 'm', 'gauge', 'a_b_m', 'm'],
] as const)('%s in %s is spelled as the specification says', (name, unit, type, spelled, written) => {
  expect(familyName(name, unit, type)).toEqual({ name: spelled, unit: written });
});

test.each([
  [undefined, 'text'],
  ['*/*', 'text'],
  ['text/html', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
  ['application/openmetrics-text;version=1.0.0;charset=utf-8', 'openmetrics'],
  ['application/openmetrics-text;version=2.0.0', 'text'],
  // Prometheus 2.42, and 3.5.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'openmetrics',
  ],
  ['text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
])('Accept: %s gets %s', (accept, format) => {
  expect(preferredFormat(accept)).toBe(format);
});

interface Instrument {
  readonly kind: 'counter' | 'updown' | 'gauge' | 'histogram';
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** Distinct label sets with what is recorded under each. */
  readonly series: readonly { readonly label: string; readonly values: readonly number[] }[];
}

const BOUNDARIES = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\\', '"', '\n', '\\n', '"} 1', '# EOF', '', 'le'),
);
const instrument = fc.record({
  kind: fc.constantFrom('counter', 'updown', 'gauge', 'histogram'),
  name: fc.stringMatching(/^[a-z][a-zA-Z0-9_./-]{0,12}[a-z0-9]$/),
  unit: fc.constantFrom('', 's', 'By', '1', '{thing}', 'ms', 'By/s'),
  description: anyText,
  series: fc.uniqueArray(
    fc.record({
      label: anyText,
      values: fc.array(fc.oneof(fc.nat(20_000), fc.double({ min: 0, max: 1e6, noNaN: true })), { minLength: 1 }),
    }),
    { minLength: 1, maxLength: 4, selector: ({ label }) => label },
  ),
}) satisfies fc.Arbitrary<Instrument>;
const instruments = fc.uniqueArray(instrument, {
  maxLength: 5,
  selector: ({ kind, name, unit }) => familyName(name, unit, typeOf(kind)).name.toLowerCase(),
});

function typeOf(kind: Instrument['kind']): 'counter' | 'gauge' | 'histogram' {
  return kind === 'updown' ? 'gauge' : kind;
}

function meters() {
  const { meters: summing, producer } = summingMeters({
    others: (name) => provider.getMeter(name),
    boundariesOf: () => boundariesOf('', ''),
    maxSeries: MAX_SERIES,
  });
  const reader = new PageReader(false, producer);
  const resource = resourceFromAttributes({ 'service.name': 'test' });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return { reader, provider: summing };
}

async function recorded(given: readonly Instrument[]): Promise<ResourceMetrics> {
  const { provider, reader } = meters();
  const meter = provider.getMeter('gatehouse');
  for (const { kind, name, unit, description, series } of given) {
    const options = { unit, description };
    const record = {
      counter: () => meter.createCounter(name, options).add.bind(meter.createCounter(name, options)),
      updown: () => meter.createUpDownCounter(name, options).add.bind(meter.createUpDownCounter(name, options)),
      gauge: () => meter.createGauge(name, options).record.bind(meter.createGauge(name, options)),
      histogram: () => meter.createHistogram(name, options).record.bind(meter.createHistogram(name, options)),
    }[kind]();
    for (const { label, values } of series) for (const value of values) record(value, { 'a.label': label });
  }
  return (await reader.collect()).resourceMetrics;
}

/** Against sums and counts made here from what was given. */
function expectRecorded(
  page: Page,
  { kind, name, unit, description, series }: Instrument,
  format: 'text' | 'openmetrics',
): void {
  const type = typeOf(kind);
  const named = familyName(name, unit, type);
  const total = kind === 'counter' ? `${named.name}_total` : named.name;
  const family = page.families.get(format === 'text' ? total : named.name) as PageFamily;
  expect(family).toMatchObject({ type, help: description, unit: format === 'text' ? undefined : named.unit });
  for (const { label, values } of series) {
    const samples = family.samples.filter(({ labels }) => labels['a_label'] === label);
    const sum = values.reduce((one, other) => one + other, 0);
    if (kind === 'histogram') {
      const below = (bound: number) => values.filter((value) => value <= bound).length;
      expect(samples.map(({ name: sample, labels, value }) => [sample, labels['le'], value])).toEqual([
        ...BOUNDARIES.map((bound) => [`${named.name}_bucket`, String(bound), below(bound)]),
        [`${named.name}_bucket`, '+Inf', values.length],
        [`${named.name}_sum`, undefined, sum],
        [`${named.name}_count`, undefined, values.length],
      ]);
    } else {
      expect(samples).toEqual([
        expect.objectContaining({ name: total, value: kind === 'gauge' ? values.at(-1) : sum }),
      ]);
    }
  }
  expect(family.samples).toHaveLength(series.length * (kind === 'histogram' ? BOUNDARIES.length + 3 : 1));
}
