import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startDemoSubgraphs, type RunningDemo } from '../../../subgraphs/index.ts';
import { dashboards, expressionsOf } from '../../deploy/grafana.ts';
import { readText } from '../../deploy/repository.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { freePort, startRedis, type RedisServer } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';
import { startOtlpReceiver, type OtlpReceiver } from '../otlp-receiver.ts';
import { documentedMetrics } from './documented.ts';
import { seriesNames } from './instruments.ts';
import { readPage } from './page.ts';
import { promtool, startPrometheus, type Prometheus } from './prometheus.ts';

// A gateway with a real Prometheus that reads it, by the configuration that is shipped.

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';
/** Not those that come when they come, such as the collector's. */
const OF_ANY_QUERY = [
  'http_server_request_duration_seconds',
  'graphql_operation_duration_seconds',
  'graphql_operation_depth',
  'graphql_operation_cost',
  'graphql_subgraph_request_duration_seconds',
  'gatehouse_authentication_decisions',
  'gatehouse_cache_requests',
  'gatehouse_composition_runs',
  'nodejs_eventloop_delay_p99_seconds',
];
const ALERTS = 'deploy/prometheus/alerts.yml';

let demo: RunningDemo;
let redis: RedisServer;
let receiver: OtlpReceiver;
let gateway: TestGateway;
let prometheus: Prometheus;
let admin: string;

beforeAll(async () => {
  let port: number;
  [demo, redis, receiver, port] = await Promise.all([
    startDemoSubgraphs({ ports: 'free' }),
    startRedis(),
    startOtlpReceiver(),
    freePort(),
  ]);
  admin = `127.0.0.1:${port}`;
  const env = {
    ADMIN_PORT: String(port),
    REDIS_URL: redis.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_METRICS_EXPORTER: 'prometheus',
    OTEL_TRACES_SAMPLER_ARG: '1',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
  [gateway, prometheus] = await Promise.all([startGateway({ subgraphs: demo.subgraphs, env }), startPrometheus(admin)]);
  await gateway.query('query Top { topProducts { name reviews { id } } }');
  await gateway.query('query Top { topProducts { name reviews { id } } }');
  await gateway.query('{ nothing }');
});
afterAll(async () => {
  await Promise.all([gateway, prometheus, receiver].map((started) => started?.[Symbol.asyncDispose]()));
  await Promise.all([demo?.close(), redis?.close()]);
});

async function page(accept: string): Promise<string> {
  return (await fetch(`http://${admin}/metrics`, { headers: { accept } })).text();
}

test('the page is as Prometheus wants it: help, units, and names by its rules', async () => {
  expect(await promtool(['check', 'metrics'], await page('text/plain'))).toEqual({ code: 0, output: '' });
});

test('every series of the page has the labels that docs/metrics.md tells of', async () => {
  const documented = new Map(
    documentedMetrics().flatMap((metric) => seriesNames(metric).map((name) => [name, metric])),
  );
  const { families } = readPage(await page(OPENMETRICS), 'openmetrics');
  const samples = [...families].filter(([family]) => family !== 'target').flatMap(([, { samples: found }]) => found);
  expect([...families.keys()]).toEqual(expect.arrayContaining(OF_ANY_QUERY));
  for (const { name, labels } of samples) {
    const allowed = documented.get(name)?.labels;
    expect(allowed, name).toBeDefined();
    for (const label of Object.keys(labels)) if (label !== 'le') expect(allowed, name).toContain(label);
  }
});

test('operations, requests, composition and Redis are measured, and what the metrics are of', async () => {
  const { families } = readPage(await page(OPENMETRICS), 'openmetrics');
  const found = (family: string, labels: object) =>
    families
      .get(family)
      ?.samples.find((sample) => Object.entries(labels).every(([name, value]) => sample.labels[name] === value));
  const top = { graphql_operation_name: 'Top', graphql_operation_type: 'query', outcome: 'success', le: '+Inf' };
  expect(found('graphql_operation_duration_seconds', top)?.value).toBe(2);
  expect(found('graphql_operation_duration_seconds', { outcome: 'refused', le: '+Inf' })?.value).toBe(1);
  expect(
    found('http_server_request_duration_seconds', { http_route: '/graphql', http_response_status_code: '200' }),
  ).toBeDefined();
  expect(found('gatehouse_composition_runs', { outcome: 'composed' })?.value).toBe(1);
  expect(found('gatehouse_composition_conflicts', {})?.value).toBe(0);
  expect(found('gatehouse_redis_up', {})?.value).toBe(1);
  expect(found('target', { service_name: 'gatehouse' })?.value).toBe(1);
});

test('Prometheus reads it, and keeps exemplars of traces that were exported', async () => {
  await until('a first look', async () => {
    const { result } = await prometheus.ask<{ result: readonly { value: [number, string] }[] }>('query', {
      query:
        'up{job="gatehouse"} == 1 and on (instance) graphql_operation_duration_seconds_count{graphql_operation_name="Top"} == 2',
    });
    return result.length > 0;
  });
  const exemplars = await until('exemplars', async () => {
    const now = Date.now() / 1_000;
    const found = await prometheus.ask<readonly { exemplars: readonly { labels: { trace_id: string } }[] }[]>(
      'query_exemplars',
      {
        query: 'graphql_operation_duration_seconds_bucket{graphql_operation_name="Top"}',
        start: String(now - 600),
        end: String(now + 60),
      },
    );
    return found.length > 0 && found.flatMap(({ exemplars: each }) => each.map(({ labels }) => labels.trace_id));
  });
  const exported = new Set(
    await until('traces', () => receiver.spans().length > 0 && receiver.spans().map(({ traceId }) => traceId)),
  );
  for (const traceId of exemplars) expect(exported).toContain(traceId);
  expect(prometheus.log()).not.toMatch(/level=(warn|error)/);
});

test('Prometheus understands every expression of the dashboards', async () => {
  for (const query of dashboards().flatMap(expressionsOf)) await prometheus.ask('query', { query });
  await expect(prometheus.ask('query', { query: 'sum by (' })).rejects.toThrow('parse error');
});

test('Prometheus takes the shipped configuration and rules', async () => {
  for (const checked of [
    ['check', 'config', 'deploy/prometheus/prometheus.yml'],
    ['check', 'rules', ALERTS],
  ]) {
    const { code, output } = await promtool(checked);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('SUCCESS') });
  }
});

test('each alert fires for what it is about, after a time, and not for what is beside that', async () => {
  const file = 'tests/deploy/alerts.test.yml';
  const { code, output } = await promtool(['test', 'rules', file]);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('SUCCESS') });

  const { tests } = parse(readText(file)) as { tests: readonly { name: string }[] };
  const { groups } = parse(readText(ALERTS)) as { groups: readonly { rules: readonly { alert: string }[] }[] };
  const tested = new Set(tests.map(({ name }) => name.split(':')[0]));
  expect([...tested].toSorted()).toEqual(groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)).toSorted());
});
