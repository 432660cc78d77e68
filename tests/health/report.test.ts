import { describe, expect, test } from 'vitest';
import { healthReport, isReady, type CriticalPart, type HealthParts } from '../../plugins/health/report.ts';
import type { SubgraphHealth } from '../../plugins/health/subgraph-health.ts';

const subgraph = (status: SubgraphHealth['status'], more: Partial<SubgraphHealth> = {}): SubgraphHealth => ({
  name: 'items',
  status,
  latencyMs: null,
  lastOkAt: null,
  error: null,
  ...more,
});
const supergraph = (status: HealthParts['supergraph']['status']): Partial<HealthParts> => ({
  supergraph: { status, version: null, composedAt: null, ageSeconds: null, conflicts: [] },
});
const sink = (status: 'ok' | 'down') => ({ sink: 'file', status, records: 1, dropped: 0, error: null });
const provider = (status: 'ok' | 'down' | 'unknown') => ({ method: 'jwt', status, error: null });
const engine = (status: 'ok' | 'down' | 'unknown') => ({ engine: 'opa', status, error: null });

const WELL: HealthParts = {
  supergraph: { status: 'ok', version: 'a', composedAt: '2026-01-01T00:00:00.000Z', ageSeconds: 1, conflicts: [] },
  subgraphs: [subgraph('ok'), subgraph('ok', { name: 'stock' })],
  redis: { status: 'ok' },
  identityProviders: [provider('ok')],
  policyEngines: [engine('ok')],
  auditSinks: [sink('ok')],
  eventLoop: { status: 'ok', delayP99Ms: 1 },
  draining: false,
};

describe.each<[wanted: 'ok' | 'degraded' | 'down', parts: readonly [string, Partial<HealthParts>][]]>([
  [
    'ok',
    [
      ['all is well', {}],
      [
        'there is nothing but a supergraph',
        { subgraphs: [], identityProviders: [], policyEngines: [], auditSinks: [] },
      ],
      ['there is no Redis to be down', { redis: { status: 'off' } }],
      ['a subgraph was not asked yet', { subgraphs: [subgraph('unknown')] }],
      ['nobody had to be asked yet', { identityProviders: [provider('unknown')], policyEngines: [engine('unknown')] }],
      ['it is draining', { draining: true }],
    ],
  ],
  [
    'degraded',
    [
      ['a subgraph is down', { subgraphs: [subgraph('ok'), subgraph('down')] }],
      ['calls to a subgraph fail', { subgraphs: [subgraph('ok'), subgraph('degraded')] }],
      ['a circuit breaker is half open', { subgraphs: [subgraph('ok', { circuit: 'half-open' })] }],
      ['Redis is down', { redis: { status: 'down' } }],
      ['an identity provider is down', { identityProviders: [provider('ok'), provider('down')] }],
      ['a policy engine is down', { policyEngines: [engine('down')] }],
      ['a sink of the audit log is down', { auditSinks: [sink('ok'), sink('down')] }],
      ['the event loop is late', { eventLoop: { status: 'degraded', delayP99Ms: 900 } }],
      ['the newest schemas do not compose', supergraph('conflict')],
      ['the schemas are those of an earlier run', supergraph('stale')],
    ],
  ],
  ['down', [['there is no supergraph', supergraph('waiting')]]],
])('it is %s', (status, cases) => {
  test.each(cases)('when %s', (_, changed) => {
    const parts = { ...WELL, ...changed };
    expect(healthReport(parts, new Set(['supergraph']))).toEqual({ status, ...parts });
  });
});

test.each<[CriticalPart, Partial<HealthParts>]>([
  ['redis', { redis: { status: 'down' } }],
  ['subgraph:stock', { subgraphs: [subgraph('ok'), subgraph('down', { name: 'stock' })] }],
  ['identity-provider', { identityProviders: [provider('ok'), provider('down')] }],
  ['policy-engine', { policyEngines: [engine('down')] }],
  ['audit', { auditSinks: [sink('ok'), sink('down')] }],
])('it is down when %s is, if that is critical, and degraded if another is', (part, changed) => {
  const parts = { ...WELL, ...changed };
  expect(healthReport(parts, new Set([part])).status).toBe('down');
  expect(healthReport(parts, new Set(['subgraph:items'])).status).toBe('degraded');
  expect(healthReport(WELL, new Set([part])).status).toBe('ok');
});

test('without a supergraph it is down whatever is critical', () => {
  expect(healthReport({ ...WELL, ...supergraph('waiting') }, new Set(['redis'])).status).toBe('down');
});

test('it is ready with a supergraph, and until it is told to end', () => {
  expect(isReady({ status: 'stale' }, false)).toBe(true);
  expect(isReady({ status: 'waiting' }, false)).toBe(false);
  expect(isReady({ status: 'ok' }, true)).toBe(false);
});
