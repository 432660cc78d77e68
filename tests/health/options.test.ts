import { expect, test } from 'vitest';
import { healthFromEnvironment, useHealth, type HealthOptions } from '../../plugins/health/index.ts';

const REQUIRED: HealthOptions = {
  supergraph: { status: () => ({ status: 'ok', version: 'a', composedAt: null, conflicts: [] }) },
  subgraphs: [{ name: 'items', url: 'http://127.0.0.1:1/graphql' }],
};

const SINK = { sink: 'file', status: 'ok', records: 3, dropped: 1 } as const;

test.each<[message: string, options: object]>([
  ['probeInterval is 0; it takes a whole number of ms from 1', { probeInterval: 0 }],
  ['probeTimeout is 1.5; it takes a whole number of ms from 1', { probeTimeout: 1.5 }],
  ['maxEventLoopDelay is "1"; it takes a whole number of ms from 1', { maxEventLoopDelay: '1' }],
  ['drainDelay is -1; it takes a whole number of ms from 0', { drainDelay: -1 }],
  ['details is "none"; it takes "public" or "private"', { details: 'none' }],
  ['critical has "redis"; it takes of supergraph, subgraph:items', { critical: ['redis'] }],
  ['critical has "subgraph:stock"; it takes of supergraph, subgraph:items', { critical: ['subgraph:stock'] }],
  ['token is too short; it takes 16 characters or more (HEALTH_TOKEN)', { token: 'fifteen letters' }],
])('a wrong option is told when the gateway starts: %s', (message, options) => {
  expect(() => useHealth({ ...REQUIRED, ...options })).toThrow(`useHealth: ${message}`);
});

test('what the gateway has may be critical', () => {
  const status = () => [];
  const more: Partial<HealthOptions> = {
    redis: { status: () => ({ status: 'ok' }) },
    authentication: { status },
    authorization: { status },
    audit: { status: () => ({ sinks: [SINK] }) },
    critical: ['supergraph', 'redis', 'identity-provider', 'policy-engine', 'audit', 'subgraph:items'],
  };
  expect(useHealth({ ...REQUIRED, ...more }).status()).toMatchObject({ status: 'ok', auditSinks: [{ sink: 'file' }] });
});

test('a sink of the audit log that is down is told of, and not where it writes to', () => {
  const sink = { ...SINK, status: 'down', error: 'connect ECONNREFUSED 192.0.2.7:6379' } as const;
  const { status, auditSinks } = useHealth({ ...REQUIRED, audit: { status: () => ({ sinks: [sink] }) } }).status();
  expect(status).toBe('degraded');
  expect(auditSinks).toEqual([{ ...sink, error: 'it does not take records' }]);
});

test('with HEALTH_TOKEN, details are for those who have it; without, for everyone', () => {
  const token = 'sixteen letters!';
  expect(healthFromEnvironment({ HEALTH_TOKEN: token })).toEqual({ details: 'private', token });
  expect(healthFromEnvironment({ HEALTH_TOKEN: '' })).toEqual({});
  expect(healthFromEnvironment({ DRAIN_DELAY: '15000' })).toEqual({ drainDelay: 15_000 });
  expect(() => healthFromEnvironment({ DRAIN_DELAY: 'soon' })).toThrow(
    /DRAIN_DELAY is "soon"; it takes a whole number/,
  );
});
