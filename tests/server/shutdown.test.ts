import { expect, test } from 'vitest';
import { startCallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { openSocket } from '../authentication/gateway/ways.ts';
import { deafSocket } from '../harness/deaf-socket.ts';
import { startGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

/** ms that the gateway may take to end; some orchestrators kill after ten seconds. */
const SOON = 5_000;

test('on SIGTERM, WebSockets are closed with 1001, and no client that does not answer holds the end up', async () => {
  await using subgraph = await startCallerSubgraph();
  await using gateway = await startGateway({ subgraphs: [subgraph], env: subgraph.env });
  const [idle, busy, silent, deaf] = await Promise.all([
    openSocket(gateway),
    openSocket(gateway),
    openSocket(gateway),
    deafSocket(gateway),
  ]);
  try {
    for (const socket of [idle, busy]) {
      socket.send({ type: 'connection_init' });
      await socket.next();
    }
    busy.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { endless }' } });
    await until('the subscription to have begun', () => subgraph.seen.length > 0);

    const at = performance.now();
    const ended = gateway.stop();
    expect(await Promise.all([idle, busy, silent].map((socket) => socket.closed))).toEqual([1001, 1001, 1001]);
    await ended;
    expect(performance.now() - at).toBeLessThan(SOON);
  } finally {
    for (const socket of [idle, busy, silent]) socket.end();
    deaf.destroy();
  }
});
