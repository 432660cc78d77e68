import { expect, test } from 'vitest';
import type { SubgraphHealth } from '../../plugins/health/probe.ts';
import { healthReport, isReady, withCircuits, type HealthParts } from '../../plugins/health/report.ts';

const subgraph = (status: SubgraphHealth['status']): SubgraphHealth => ({
  name: 'items',
  status,
  latencyMs: null,
  lastOkAt: null,
  error: null,
});

function parts(changed: Partial<HealthParts>): HealthParts {
  return {
    supergraph: { status: 'ok', version: 'a', composedAt: '2026-01-01T00:00:00.000Z', conflicts: [] },
    subgraphs: [subgraph('ok')],
    redis: { status: 'ok' },
    draining: false,
    ...changed,
  };
}

const supergraph = (status: HealthParts['supergraph']['status']) =>
  parts({ supergraph: { status, version: null, composedAt: null, conflicts: [] } });

test.each([
  ['ok', 'all is well', parts({})],
  ['ok', 'there is no Redis to be down', parts({ redis: { status: 'off' } })],
  ['ok', 'a subgraph has not been probed yet', parts({ subgraphs: [subgraph('unknown')] })],
  ['degraded', 'a subgraph is down', parts({ subgraphs: [subgraph('ok'), subgraph('down')] })],
  ['degraded', 'a circuit breaker is open', parts({ subgraphs: [{ ...subgraph('ok'), circuit: 'open' }] })],
  ['degraded', 'Redis is down', parts({ redis: { status: 'down' } })],
  ['degraded', 'the newest schemas do not compose', supergraph('conflict')],
  ['degraded', 'the schemas are those of an earlier run', supergraph('stale')],
  ['down', 'there is no supergraph', supergraph('waiting')],
])('it is %s when %s', (status, _, given) => {
  expect(healthReport(given)).toEqual({ status, ...given });
});

test('it is ready with a supergraph, whatever else is broken, and until it is told to end', () => {
  expect(isReady(parts({ subgraphs: [subgraph('down')], redis: { status: 'down' } }))).toBe(true);
  expect(isReady(supergraph('stale'))).toBe(true);
  expect(isReady(supergraph('waiting'))).toBe(false);
  expect(isReady(parts({ draining: true }))).toBe(false);
});

test('a subgraph shows the state of its circuit breaker once it was called', () => {
  expect(withCircuits([subgraph('ok')], [])).toEqual([subgraph('ok')]);
  expect(withCircuits([subgraph('ok')], [{ name: 'items', circuit: 'half-open' }])).toEqual([
    { ...subgraph('ok'), circuit: 'half-open' },
  ]);
});
