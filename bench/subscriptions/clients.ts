import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { obey } from './child.ts';
import { now, PROBE_AT, PROTOCOL, publishedAt, QUERY, topicName } from './quotes.ts';

// Some of the clients; there are several such processes. They do as little as they can, since they share the machine
// with what is measured.

export type ClientsCommand =
  /** With the first client's number; each hundreds of them have an address of their own. */
  | { readonly do: 'connect'; readonly url: string; readonly count: number; readonly first: number }
  | { readonly do: 'subscribe'; readonly topics: number }
  /** Answered when each client has got a probe. */
  | { readonly do: 'probed' }
  /** Answered when they have got so many events since those were last taken. */
  | { readonly do: 'await'; readonly events: number }
  /** The delays of all events since they were last taken, in µs. */
  | { readonly do: 'take' }
  | { readonly do: 'disconnect' };

interface Client {
  readonly socket: WebSocket;
  isProbed: boolean;
}

/** Below what the gateway allows an address by default, and far below the ports that it has. */
const CLIENTS_OF_ADDRESS = 500;
const CONNECTING_AT_ONCE = 50;

const clients: Client[] = [];
let delays: number[] = [];
let probed = 0;
let onProbe: () => void = () => {};
let onEvent: () => void = () => {};

function hear(client: Client, message: Buffer): void {
  const at = publishedAt(message);
  if (at === undefined) throw new Error(`a client was told ${message.toString()}`);
  if (at === PROBE_AT) {
    if (!client.isProbed) probed++;
    client.isProbed = true;
    onProbe();
    return;
  }
  delays.push(now() - at);
  onEvent();
}

async function connect(url: string, number: number): Promise<void> {
  // 127.0.0.1 is left to the bench itself.
  const localAddress = `127.0.0.${2 + Math.floor(number / CLIENTS_OF_ADDRESS)}`;
  const socket = new WebSocket(url, PROTOCOL, { localAddress, perMessageDeflate: false });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  const [ack] = (await once(socket, 'message')) as [Buffer];
  if (!ack.includes('connection_ack')) throw new Error(`a client was told ${ack.toString()}`);
  const client = { socket, isProbed: false };
  socket.on('message', (message: Buffer) => hear(client, message));
  socket.once('close', (code) => {
    throw new Error(`the connection of a client was closed with ${code}`);
  });
  clients.push(client);
}

async function connectAll({ url, count, first }: Extract<ClientsCommand, { do: 'connect' }>): Promise<void> {
  let next = first;
  const connectNext = async (): Promise<void> => {
    while (next < first + count) await connect(url, next++);
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectNext));
}

function subscribeAll(topics: number): void {
  for (const [number, { socket }] of clients.entries()) {
    const payload = { query: QUERY, variables: { topic: topicName(number % topics) } };
    socket.send(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload }));
  }
}

async function disconnectAll(): Promise<void> {
  const closed = clients.map(async ({ socket }) => {
    socket.removeAllListeners();
    // It may have been closed by the other side.
    socket.on('error', () => {});
    const close = once(socket, 'close');
    socket.terminate();
    await close;
  });
  clients.length = 0;
  probed = 0;
  await Promise.all(closed);
}

obey(async (command: ClientsCommand) => {
  switch (command.do) {
    case 'connect':
      return connectAll(command);
    case 'subscribe':
      return subscribeAll(command.topics);
    case 'probed':
      while (probed < clients.length) await new Promise<void>((resolve) => (onProbe = resolve));
      return undefined;
    case 'await':
      while (delays.length < command.events) await new Promise<void>((resolve) => (onEvent = resolve));
      return undefined;
    case 'take': {
      const taken = Float64Array.from(delays);
      delays = [];
      return taken;
    }
    case 'disconnect':
      return disconnectAll();
  }
});
