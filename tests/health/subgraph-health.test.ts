import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Probed } from '../../plugins/health/probe.ts';
import { subgraphHealth, type CalledSubgraph } from '../../plugins/health/subgraph-health.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);

const NOT_PROBED: Probed = { answered: null, failed: null };

/** What happens to a subgraph, in order, one a ms. */
type Happening = 'probe ok' | 'probe failed' | 'call ok' | 'call failed';

/** As the prober and `plugins/upstream` would remember it. */
function remembered(happenings: readonly Happening[]): { probed: Probed; calls: CalledSubgraph['calls'] } {
  let probed = NOT_PROBED;
  let calls: CalledSubgraph['calls'] = { answered: null, failed: null };
  for (const [at, happening] of happenings.entries()) {
    switch (happening) {
      case 'probe ok':
        probed = { answered: { at, latencyMs: 1.4 }, failed: null };
        break;
      case 'probe failed':
        probed = { ...probed, failed: { at, error: 'refused the connection' } };
        break;
      case 'call ok':
        calls = { answered: { at, latencyMs: 2.4 }, failed: null };
        break;
      case 'call failed':
        calls = { ...calls, failed: { count: (calls.failed?.count ?? 0) + 1, at, kind: 'timeout' } };
        break;
    }
  }
  return { probed, calls };
}

/** By the order of what happened. */
function expected(happenings: readonly Happening[]): string {
  const lastOk = happenings.findLastIndex((one) => one.endsWith('ok'));
  const since = new Set(happenings.slice(lastOk + 1));
  if (since.has('probe failed')) return 'down';
  if (!since.has('call failed')) return lastOk === -1 ? 'unknown' : 'ok';
  const afterAnswer = happenings.slice(happenings.lastIndexOf('call ok') + 1);
  return afterAnswer.filter((one) => one === 'call failed').length < 3 ? 'degraded' : 'down';
}

test('the newest word counts, whether a probe has it or a call', () => {
  const happening = fc.constantFrom<Happening>('probe ok', 'probe failed', 'call ok', 'call failed');
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 8 }), (happenings) => {
      const { probed, calls } = remembered(happenings);
      const health = subgraphHealth('items', probed, { name: 'items', circuit: 'closed', calls });
      expect(health.status).toBe(expected(happenings));
      const lastOk = happenings.findLastIndex((one) => one.endsWith('ok'));
      expect(health.lastOkAt).toBe(lastOk === -1 ? null : new Date(lastOk).toISOString());
      const isOk = health.status === 'ok';
      expect(health.latencyMs).toBe(isOk ? (happenings[lastOk] === 'call ok' ? 2 : 1) : null);
      expect(health.error === null).toBe(isOk || health.status === 'unknown');
    }),
    { numRuns: RUNS },
  );
});

test.each([
  [1, 'degraded', 'a call failed: timeout'],
  [2, 'degraded', '2 calls in a row failed: timeout'],
  [3, 'down', '3 calls in a row failed: timeout'],
])('after %i failed calls it is %s', (count, status, error) => {
  const { probed, calls } = remembered(['call ok', ...Array.from({ length: count }, () => 'call failed' as const)]);
  expect(subgraphHealth('items', probed, { name: 'items', circuit: 'closed', calls })).toMatchObject({ status, error });
});

test('one whose circuit breaker is open is down, whatever probes say: it gets no calls', () => {
  const { probed, calls } = remembered(['call failed', 'probe ok']);
  expect(subgraphHealth('items', probed, { name: 'items', circuit: 'open', calls })).toEqual({
    name: 'items',
    status: 'down',
    latencyMs: null,
    lastOkAt: '1970-01-01T00:00:00.001Z',
    error: 'its circuit breaker is open',
    circuit: 'open',
  });
});

test('one that was not called has no circuit breaker', () => {
  expect(subgraphHealth('items', NOT_PROBED, undefined)).toEqual({
    name: 'items',
    status: 'unknown',
    latencyMs: null,
    lastOkAt: null,
    error: null,
  });
});
