import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startCallerSubgraph } from '../authentication/gateway/caller-subgraph.ts';
import { openSocket } from '../authentication/gateway/ways.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { until } from '../harness/until.ts';

/** ms that the gateway may take to end; some orchestrators kill after ten seconds. */
const SOON = 5_000;

/** A client that completes the upgrade and hears nothing from then on. */
async function deafSocket({ url }: TestGateway): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    [
      'GET /graphql HTTP/1.1',
      `host: ${hostname}`,
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-protocol: graphql-transport-ws',
      '\r\n',
    ].join('\r\n'),
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toContain('101 Switching Protocols');
  return socket;
}

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
