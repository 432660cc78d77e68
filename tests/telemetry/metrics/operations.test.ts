import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { cappedLabels, OTHER } from '../../../plugins/telemetry/metrics/capped-labels.ts';
import { operationOutcome } from '../../../plugins/telemetry/metrics/outcome.ts';
import { DURATIONS } from '../../../plugins/telemetry/metrics/boundaries.ts';
import { opened, OPERATION, REQUEST, TRACE_ID, type OpenedMetrics } from './opened.ts';
import type { Sample } from './page.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 200);

let metrics: OpenedMetrics;
afterEach(() => metrics?.shutdown());

test('an operation is measured under its type, name and outcome, in seconds, with its size', async () => {
  metrics = opened();
  metrics.recordOperation(OPERATION);
  metrics.recordOperation({ ...OPERATION, durationMs: 8 });
  metrics.recordOperation({
    ...OPERATION,
    name: undefined,
    kind: undefined,
    depth: undefined,
    fields: undefined,
    httpStatus: 400,
  });

  const counts = (await metrics.samples('graphql_operation_duration_seconds')).filter(isCount);
  expect(counts.map(({ labels, value }) => ({ ...labels, value }))).toEqual([
    { graphql_operation_type: 'query', graphql_operation_name: 'Me', outcome: 'success', value: 2 },
    { outcome: 'refused', value: 1 },
  ]);
  expect(await sums('graphql_operation_duration_seconds')).toEqual([expect.closeTo(0.02), 0.012]);
  expect(await sums('graphql_operation_depth')).toEqual([6]);
  expect(await sums('graphql_operation_fields')).toEqual([14]);
});

test('an HTTP request is measured by the conventions; what HTTP does not know is one method', async () => {
  metrics = opened();
  metrics.recordRequest(REQUEST);
  for (const method of ['BREW', 'post', 'X'.repeat(1_000)]) metrics.recordRequest({ ...REQUEST, method });
  metrics.recordRequest({ ...REQUEST, status: 503, route: undefined, scheme: 'https' });

  const counts = (await metrics.samples('http_server_request_duration_seconds')).filter(isCount);
  const usual = { http_response_status_code: '200', http_route: '/graphql', url_scheme: 'http' };
  expect(counts.map(({ labels, value }) => ({ ...labels, value }))).toEqual([
    { http_request_method: 'POST', ...usual, value: 1 },
    { http_request_method: '_OTHER', ...usual, value: 3 },
    { http_request_method: 'POST', http_response_status_code: '503', error_type: '503', url_scheme: 'https', value: 1 },
  ]);
});

test('a client that sends 10,000 names of operations makes no more than 201 series, however often they are read', async () => {
  metrics = opened();
  for (let sent = 0; sent < 10_000; sent++) {
    metrics.recordOperation({ ...OPERATION, name: `Operation${sent}`, traceId: TRACE_ID });
    metrics.recordResolver(`Query.field${sent}`, 0.01);
    metrics.recordRequest({ ...REQUEST, route: `/${sent}` });
    if (sent % 1_000 === 0) await metrics.page(undefined);
  }
  const counts = (await metrics.samples('graphql_operation_duration_seconds')).filter(isCount);
  expect(counts).toHaveLength(201);
  expect(counts.find(({ labels }) => labels['graphql_operation_name'] === OTHER)?.value).toBe(9_800);
  expect((await metrics.samples('graphql_resolver_duration_seconds')).filter(isCount)).toHaveLength(501);
  expect((await metrics.samples('http_server_request_duration_seconds')).filter(isCount)).toHaveLength(51);
});

test('error codes are counted, for operators in the status too; of those that subgraphs invent, 50', async () => {
  metrics = opened();
  metrics.recordOperation({ ...OPERATION, errorCodes: new Set(['SUBGRAPH_TIMEOUT', 'CUSTOM']) });
  metrics.recordOperation(OPERATION);
  expect(metrics.status()).toEqual({ operations: 2, failed: 1, byCode: { SUBGRAPH_TIMEOUT: 1, CUSTOM: 1 } });

  for (let code = 0; code < 1_000; code++) {
    metrics.recordOperation({ ...OPERATION, errorCodes: new Set([`CODE_${code}`]) });
  }
  expect(Object.keys(metrics.status().byCode)).toHaveLength(51);
  expect(metrics.status().byCode[OTHER]).toBe(952);
  expect(await metrics.samples('graphql_operation_errors')).toHaveLength(51);
});

test('each bucket of a duration has the trace of the last that fell into it, and of none that is not exported', async () => {
  metrics = opened();
  const earlier = 'a'.repeat(32);
  metrics.recordOperation({ ...OPERATION, durationMs: 20, traceId: earlier });
  metrics.recordOperation({ ...OPERATION, durationMs: 25, traceId: TRACE_ID });
  metrics.recordOperation({ ...OPERATION, durationMs: 24 });
  metrics.recordOperation({ ...OPERATION, durationMs: 99_000, traceId: earlier });
  metrics.recordRequest({ ...REQUEST, traceId: TRACE_ID });

  const found = (await metrics.samples('graphql_operation_duration_seconds')).filter(({ exemplar }) => exemplar);
  expect(found.map(({ labels, exemplar }) => [labels['le'], exemplar?.traceId, exemplar?.value])).toEqual([
    ['0.025', TRACE_ID, 0.025],
    ['+Inf', earlier, 99],
  ]);
  const requests = await metrics.samples('http_server_request_duration_seconds');
  expect(requests.filter(({ exemplar }) => exemplar)).toHaveLength(1);
});

test('an exemplar is always within its bucket', async () => {
  metrics = opened();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 0, max: 12, noNaN: true }), { minLength: 1 }), async (seconds) => {
      for (const value of seconds)
        metrics.recordOperation({ ...OPERATION, durationMs: value * 1_000, traceId: TRACE_ID });
      let lower = -Infinity;
      for (const { labels, exemplar } of await metrics.samples('graphql_operation_duration_seconds')) {
        if (labels['le'] === undefined) continue;
        const upper = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
        if (exemplar) expect(exemplar.value > lower && exemplar.value <= upper).toBe(true);
        lower = upper;
      }
      expect(lower).toBe(Infinity);
    }),
    { numRuns: Math.ceil(RUNS / 4) },
  );
  expect(DURATIONS).toEqual([...DURATIONS].toSorted((one, other) => one - other));
});

test('labels are capped: the first stay, the others are one, and what was kept stays kept', () => {
  fc.assert(
    fc.property(fc.nat(5), fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')), (most, values) => {
      const label = cappedLabels(most);
      const kept = new Set([...new Set(values)].slice(0, most));
      expect(values.map(label)).toEqual(values.map((value) => (kept.has(value) ? value : OTHER)));
    }),
    { numRuns: RUNS },
  );
});

test.each([
  [200, [], 'success'],
  [undefined, [], 'success'],
  [200, ['UNAUTHORIZED_FIELD_OR_TYPE'], 'incomplete'],
  [200, ['A_SUBGRAPHS_OWN'], 'incomplete'],
  [200, ['UNAUTHORIZED_FIELD_OR_TYPE', 'SUBGRAPH_TIMEOUT'], 'failed'],
  [429, ['RATE_LIMITED'], 'refused'],
  [undefined, ['RATE_LIMITED'], 'refused'],
  [400, [], 'refused'],
  [400, ['INTERNAL_SERVER_ERROR', 'FORBIDDEN'], 'failed'],
  [503, [], 'failed'],
] as const)('HTTP %s with %j is %s', (status, codes, outcome) => {
  expect(operationOutcome(status, new Set(codes))).toBe(outcome);
});

test('the process, Redis and the sockets of clients are on the page', async () => {
  let redis: { status: 'ok'; latencyMs: number } | { status: 'down' } | { status: 'off' } = {
    status: 'ok',
    latencyMs: 2,
  };
  metrics = opened({ openSockets: () => 7, redis: { status: () => redis } });
  const value = async (family: string) => (await metrics.samples(family))[0]?.value;
  expect(await value('gatehouse_server_connections')).toBe(7);
  expect([await value('gatehouse_redis_up'), await value('gatehouse_redis_latency_seconds')]).toEqual([1, 0.002]);
  redis = { status: 'down' };
  expect(await value('gatehouse_redis_up')).toBe(0);

  expect(await value('process_memory_usage_bytes')).toBeGreaterThan(10_000_000);
  expect(await value('gatehouse_heap_limit_bytes')).toBeGreaterThan(10_000_000);
  expect(await value('process_uptime_seconds')).toBeCloseTo(process.uptime(), 0);
  const cpu = await metrics.samples('process_cpu_time_seconds');
  expect(cpu.map(({ labels }) => labels['cpu_mode'])).toEqual(['user', 'system']);
  for (const family of ['nodejs_eventloop_delay_p99_seconds', 'nodejs_eventloop_utilization_ratio']) {
    expect(await value(family), family).toBeGreaterThanOrEqual(0);
  }
});

test('without Redis there is no number for it', async () => {
  metrics = opened({ redis: { status: () => ({ status: 'off' }) } });
  expect(await metrics.samples('gatehouse_redis_up')).toEqual([]);
});

function isCount({ name }: Sample): boolean {
  return name.endsWith('_count');
}

async function sums(family: string): Promise<number[]> {
  return (await metrics.samples(family)).filter(({ name }) => name.endsWith('_sum')).map(({ value }) => value);
}
