import { expect, test } from 'vitest';
import { probeSubgraphs } from '../../plugins/health/probe.ts';
import { federated, startSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

const SDL = federated('type Query { hello: String }');

test('each subgraph shows whether it answers, how fast, and when it last did', async () => {
  await using items = await startSubgraph('items', SDL);
  await using stock = await startSubgraph('stock', SDL);
  const probes = probeSubgraphs([items, stock], { interval: 50, timeout: 300 });
  try {
    expect(probes.health()).toEqual([
      { name: 'items', status: 'unknown', latencyMs: null, lastOkAt: null, error: null },
      { name: 'stock', status: 'unknown', latencyMs: null, lastOkAt: null, error: null },
    ]);
    const [, ok] = await until(
      'both to be ok',
      () => probes.health().every(({ status }) => status === 'ok') && probes.health(),
    );
    expect(ok).toMatchObject({
      name: 'stock',
      latencyMs: expect.any(Number),
      lastOkAt: expect.stringMatching(/^\d{4}-/),
    });

    await stock.stop();
    const [up, down] = await until('stock to be down', () => probes.health()[1]?.status === 'down' && probes.health());
    expect(up).toMatchObject({ name: 'items', status: 'ok' });
    expect(down).toEqual({
      name: 'stock',
      status: 'down',
      latencyMs: null,
      lastOkAt: expect.stringMatching(/^\d{4}-/),
      error: 'it refused the connection',
    });

    await stock.start();
    await until('stock to be ok again', () => probes.health()[1]?.status === 'ok');
    stock.break(() => {});
    await until('a hanging subgraph to be down', () => probes.health()[1]?.error === 'it did not answer within 300 ms');
  } finally {
    probes.stop();
  }
});

test('nobody is probed after the end', async () => {
  let asked = 0;
  await using items = await startSubgraph('items', SDL);
  items.break((_, response) => {
    asked++;
    response.end('{"data":{"__typename":"Query"}}');
  });
  const probes = probeSubgraphs([items], { interval: 10, timeout: 300 });
  await until('some probes', () => asked >= 3);
  probes.stop();
  const last = asked;
  // A probe that was under way may still arrive; then there are as many as a fresh prober sends, and no more.
  const fresh = probeSubgraphs([items], { interval: 10, timeout: 300 });
  await until('probes of another', () => fresh.health()[0]?.status === 'ok');
  fresh.stop();
  expect(asked - last).toBeLessThanOrEqual(3);
});
