import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { obey } from './child.ts';
import { openMemoryProbe } from './memory-probe.ts';
import { ID_LENGTH, PROTOCOL, QUERY } from './quotes.ts';

// What `ws` alone takes: the text of each event of the subgraph goes as it came to every socket of its topic. It is as
// long as what a gateway sends, since the id in it is as long.

export interface BareCommand {
  readonly do: 'listen';
  /** Of the subgraph. */
  readonly upstream: string;
}

const ID = /"id":"([^"]+)"/;
const TOPIC = /"topic":"([^"]+)"/;

async function listen(url: string): Promise<string> {
  const upstream = new WebSocket(url.replace('http', 'ws'), PROTOCOL, { perMessageDeflate: false });
  await once(upstream, 'open');
  upstream.send('{"type":"connection_init"}');
  await once(upstream, 'message');
  const byId = new Map<string, Set<WebSocket>>();
  upstream.on('message', (message: Buffer) => {
    const [, id = ''] = ID.exec(message.toString('latin1', 0, 2 * ID_LENGTH)) ?? [];
    for (const socket of byId.get(id) ?? []) socket.send(message, { binary: false });
  });

  function subscribe(socket: WebSocket, topic: string): void {
    const id = topic.padEnd(ID_LENGTH, '-');
    const known = byId.get(id);
    const ofTopic = (known ?? new Set()).add(socket);
    byId.set(id, ofTopic);
    const payload = { query: QUERY, variables: { topic } };
    if (!known) upstream.send(JSON.stringify({ id, type: 'subscribe', payload }));
    socket.once('close', () => {
      ofTopic.delete(socket);
      if (ofTopic.size > 0) return;
      byId.delete(id);
      upstream.send(JSON.stringify({ id, type: 'complete' }));
    });
  }

  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  sockets.on('connection', (socket) => {
    socket.on('message', (message: Buffer) => {
      const [, topic] = TOPIC.exec(message.toString()) ?? [];
      if (topic === undefined) socket.send('{"type":"connection_ack"}');
      else subscribe(socket, topic);
    });
  });
  await once(sockets, 'listening');
  return `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/graphql`;
}

openMemoryProbe();
obey(({ upstream }: BareCommand) => listen(upstream));
