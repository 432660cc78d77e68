import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pushFromEnvironment, type PushOptions } from '../../../plugins/telemetry/metrics/index.ts';
import { until } from '../../harness/until.ts';
import { startOtlpReceiver, type DecodedMetric, type OtlpReceiver } from '../otlp-receiver.ts';
import { opened, OPERATION, type OpenedMetrics } from './opened.ts';

// Metrics sent to what takes them as a collector does.

let receiver: OtlpReceiver;
let metrics: OpenedMetrics;
beforeEach(() => vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '300'));
afterEach(async () => {
  await metrics?.shutdown();
  await receiver?.[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

/** Sends every 50 ms. */
async function pushing(protocol: PushOptions['protocol'], options: Partial<PushOptions> = {}): Promise<void> {
  receiver = await startOtlpReceiver(protocol === 'grpc' ? 'grpc' : 'http');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
  metrics = opened({ push: { protocol, interval: 50, timeout: 50, ...options } });
}

const durations = () => receiver.metrics().filter(({ name }) => name === 'graphql.operation.duration');
const newest = () => durations().at(-1) as DecodedMetric;

test.each(['http/protobuf', 'grpc'] as const)(
  'what was recorded arrives over %s, again and again, as it is on the page',
  async (protocol) => {
    await pushing(protocol);
    metrics.recordOperation(OPERATION);
    await until('an export', () => durations().length > 0);
    metrics.recordOperation(OPERATION);
    await until('a newer one', () => newest().points[0]?.count === 2);

    expect(newest()).toMatchObject({ unit: 's', scope: 'gatehouse', resource: { 'service.name': 'gatehouse' } });
    expect(newest().points).toEqual([
      expect.objectContaining({
        attributes: { 'graphql.operation.type': 'query', 'graphql.operation.name': 'Me', outcome: 'success' },
        sum: 0.024,
      }),
    ]);
    const samples = await metrics.samples('graphql_operation_duration_seconds');
    const count = samples.find(({ name }) => name.endsWith('_count'));
    expect(count?.value).toBe(2);
  },
);

test('compressed, too', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
  await pushing('http/protobuf');
  metrics.recordOperation(OPERATION);
  await until('an export', () => durations().length > 0);
});

test('a collector that is down is logged once, costs the caller nothing, and gets the whole sum when it is back', async () => {
  await pushing('http/protobuf', { interval: 400, timeout: 400 });
  receiver.behave('refuse');
  metrics.recordOperation(OPERATION);
  await until('several failed exports', () => receiver.requests() >= 3);
  await until('the log to tell', () => metrics.logged.length > 0);
  const start = performance.now();
  for (let recorded = 0; recorded < 1_000; recorded++) metrics.recordOperation(OPERATION);
  expect(performance.now() - start).toBeLessThan(500);
  receiver.behave('accept');
  await until('all that was recorded', () => durations().length > 0 && newest().points[0]?.count === 1_001);
  await until('the log to tell that it is over', () => metrics.logged.length > 1);
  expect(metrics.logged).toEqual(['Telemetry cannot be sent, and is left out', 'Telemetry is sent again']);
});

test('a gateway that stops sends what it has not sent', async () => {
  await pushing('http/protobuf', { interval: 60_000 });
  metrics.recordOperation(OPERATION);
  await metrics.shutdown();
  expect(newest().points[0]?.count).toBe(1);
});

test('and waits for a collector that does not answer for no more than 3 s', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '60000');
  await pushing('http/protobuf', { interval: 60_000, timeout: 60_000 });
  receiver.behave('hang');
  metrics.recordOperation(OPERATION);
  const start = performance.now();
  await metrics.shutdown();
  expect(performance.now() - start).toBeLessThan(4_000);
  expect(metrics.logged).toEqual(['The last metrics could not be sent']);
});

test('beside sending, what nobody asks the page for is not kept for it without end', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    let reads = 0;
    const status = () => {
      reads++;
      return { status: 'off' } as const;
    };
    metrics = opened({ redis: { status }, push: { protocol: 'http/protobuf', interval: 3_600_000, timeout: 100 } });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reads).toBe(10);
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  [{}, undefined],
  [{ OTEL_METRICS_EXPORTER: 'otlp' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_METRICS_EXPORTER: 'none' }, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_METRICS_EXPORTER: 'prometheus' }, undefined],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318' }, undefined],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_METRICS_EXPORTER: 'prometheus,otlp' },
    { protocol: 'http/protobuf', interval: 60_000, timeout: 30_000 },
  ],
  [
    {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:4317',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
      OTEL_METRIC_EXPORT_INTERVAL: '5000',
    },
    { protocol: 'grpc', interval: 5_000, timeout: 5_000 },
  ],
])('%j means %j', (env, options) => {
  expect(pushFromEnvironment(env)).toEqual(options);
});

test.each([
  ['OTEL_METRICS_EXPORTER', 'console'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json'],
  ['OTEL_EXPORTER_OTLP_METRICS_PROTOCOL', 'udp'],
  ['OTEL_METRIC_EXPORT_INTERVAL', '0'],
  ['OTEL_METRIC_EXPORT_INTERVAL', '10s'],
  ['OTEL_METRIC_EXPORT_TIMEOUT', '-1'],
])('%s=%s stops the gateway', (variable, value) => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', [variable]: value };
  expect(() => pushFromEnvironment(env)).toThrow(`${variable} is "${value}"; it takes `);
});
