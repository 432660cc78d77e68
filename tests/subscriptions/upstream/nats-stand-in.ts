import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** Speaks enough of the NATS client protocol, on a real socket, for a real client: publish and subscribe by full name. */
export interface NatsStandIn extends AsyncDisposable {
  readonly port: number;
  /** How many listen to a subject. */
  subscribers(subject: string): number;
  /** Cuts every connection; clients may connect again. */
  cut(): void;
}

interface Subscriber {
  readonly socket: Socket;
  readonly sid: string;
  readonly subject: string;
}

const INFO = { server_id: 'STAND-IN', version: '2.10.0', proto: 1, max_payload: 1_048_576, headers: false };

/** There is no `nats-server` on this machine or in the npm registry that could be started in its place. */
export async function startNatsStandIn(): Promise<NatsStandIn> {
  const sockets = new Set<Socket>();
  let subscribers: readonly Subscriber[] = [];

  function publish(subject: string, payload: string): void {
    for (const { socket, sid } of subscribers.filter((one) => one.subject === subject)) {
      socket.write(`MSG ${subject} ${sid} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`);
    }
  }

  function obey(socket: Socket, [verb = '', first = '', sid = '']: readonly string[]): void {
    const others = (known: string) => subscribers.filter((one) => one.socket !== socket || one.sid !== known);
    if (verb === 'PING') socket.write('PONG\r\n');
    // After it has connected again, the client may say the same one twice.
    if (verb === 'SUB') subscribers = [...others(sid), { socket, subject: first, sid }];
    if (verb === 'UNSUB') subscribers = others(first);
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
    let rest = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      rest += chunk;
      for (let end = rest.indexOf('\r\n'); end !== -1; end = rest.indexOf('\r\n')) {
        const words = rest.slice(0, end).split(' ');
        const isPublish = words[0] === 'PUB';
        const payload = isPublish ? Number(words.at(-1)) + 2 : 0;
        if (rest.length < end + 2 + payload) return;
        const text = Buffer.from(rest.slice(end + 2, end + payload), 'latin1').toString();
        rest = rest.slice(end + 2 + payload);
        if (isPublish) publish(words[1] ?? '', text);
        else obey(socket, words);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      sockets.delete(socket);
      subscribers = subscribers.filter((one) => one.socket !== socket);
    });
  });
  const cut = () => sockets.forEach((socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    subscribers: (subject) => subscribers.filter((one) => one.subject === subject).length,
    cut,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
