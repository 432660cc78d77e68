import { expect, test } from 'vitest';
import { probeSubgraphs } from '../../plugins/health/probe.ts';
import { federated, startSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

const SDL = federated('type Query { hello: String }');
const ANSWER = '{"data":{"__typename":"Query"}}';

test('each subgraph is asked whether it answers, and how fast, again and again', async () => {
  await using items = await startSubgraph('items', SDL);
  await using stock = await startSubgraph('stock', SDL);
  const probes = probeSubgraphs([items, stock], { interval: 50, timeout: 300 });
  try {
    expect(probes.of('items')).toEqual({ answered: null, failed: null });
    await until('both to answer', () => probes.of('items').answered && probes.of('stock').answered);
    const before = Date.now();
    expect(probes.of('stock')).toEqual({
      answered: { at: expect.closeTo(before, -4), latencyMs: expect.any(Number) },
      failed: null,
    });

    await stock.stop();
    const down = await until('stock to be down', () => probes.of('stock').failed && probes.of('stock'));
    expect(down).toEqual({
      answered: { at: expect.any(Number), latencyMs: expect.any(Number) },
      failed: { at: expect.any(Number), error: 'refused the connection' },
    });
    expect(down.failed?.at).toBeGreaterThanOrEqual(down.answered?.at ?? Infinity);
    expect(probes.of('items').failed).toBe(null);

    await stock.start();
    await until('stock to answer again', () => probes.of('stock').failed === null);
    stock.break(() => {});
    await until('it to be late', () => probes.of('stock').failed?.error === 'did not answer within 300 ms');
  } finally {
    probes.stop();
  }
});

test('a subgraph that answers calls is not probed until it has not for as long as between two probes', async () => {
  let [asked, answeredAt] = [0, Date.now()];
  await using items = await startSubgraph('items', SDL);
  await using other = await startSubgraph('other', SDL);
  items.break((_, response) => {
    asked++;
    response.end(ANSWER);
  });
  const probes = probeSubgraphs([items, other], {
    interval: 60,
    timeout: 300,
    answeredAt: (name) => (name === 'items' ? answeredAt : undefined),
  });
  const calls = setInterval(() => (answeredAt = Date.now()), 10);
  try {
    const seen = new Set<number>();
    await until('five probes of the other', () => {
      seen.add(probes.of('other').answered?.at ?? 0);
      return seen.size > 5;
    });
    expect(asked).toBe(0);
    clearInterval(calls);
    await until('a probe', () => asked > 0);
  } finally {
    clearInterval(calls);
    probes.stop();
  }
});

test('nobody is probed after the end', async () => {
  let asked = 0;
  await using items = await startSubgraph('items', SDL);
  items.break((_, response) => {
    asked++;
    response.end(ANSWER);
  });
  const probes = probeSubgraphs([items], { interval: 10, timeout: 300 });
  await until('some probes', () => asked >= 3);
  probes.stop();
  const last = asked;
  // A probe that was under way may still arrive; then there are as many as a fresh prober sends, and no more.
  const fresh = probeSubgraphs([items], { interval: 10, timeout: 300 });
  await until('probes of another', () => fresh.of('items').answered);
  fresh.stop();
  expect(asked - last).toBeLessThanOrEqual(3);
});
