import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { startFleet } from './fleet.ts';
import { PROTOCOL, QUERY, topicName } from './quotes.ts';
import { startServer } from './servers.ts';
import { left, saturate, subscribe, type Subgraph } from './trial.ts';

const CLIENTS = 1_000;
/** On its one socket, so that what waits for it is soon more than the system's buffers hold. */
const SUBSCRIPTIONS = 100;
/** s */
const WARM_UP = 3;
const MEASURED = 4;
/** s until its buffers are full. */
const CLOGGING = 4;

export interface BesideSlowReader {
  /** ms, of each round. */
  readonly without: readonly number[];
  readonly beside: readonly number[];
}

/** The p99 of clients that read, without and beside one that does not. */
export async function runSlowReader(rounds: number, ofEvents: Subgraph): Promise<BesideSlowReader> {
  await using server = await startServer('gatehouse', ofEvents.subgraphUrl);
  await using fleet = startFleet();
  const surroundings = { ...ofEvents, fleet };
  const trial = { clients: CLIENTS, topics: 1 };
  await fleet.connect(server.url, CLIENTS);
  await subscribe(1, surroundings);
  await saturate(server, trial, WARM_UP, surroundings);
  const without: number[] = [];
  const beside: number[] = [];
  for (let round = 0; round < rounds; round++) {
    without.push((await saturate(server, trial, MEASURED, surroundings)).p99);
    const slow = await openSlowReader(server.url);
    await saturate(server, trial, CLOGGING, surroundings);
    beside.push((await saturate(server, trial, MEASURED, surroundings)).p99);
    slow.terminate();
    await sleep(500);
  }
  await fleet.disconnect();
  await left(ofEvents.subgraph);
  return { without, beside };
}

async function openSlowReader(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, PROTOCOL, { perMessageDeflate: false });
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  const payload = { query: QUERY, variables: { topic: topicName(0) } };
  for (let n = 0; n < SUBSCRIPTIONS; n++) {
    socket.send(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload }));
    // As many as a connection may begin in a second.
    if (n % 50 === 49) await sleep(1_000);
  }
  socket.pause();
  return socket;
}
