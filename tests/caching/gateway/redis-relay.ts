import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands before a Redis, and can keep from its subscribers what they are told, or their connections. */
export interface RedisRelay extends AsyncDisposable {
  readonly url: string;
  /** Keeps back what subscribers are told until `hear`. */
  hold(): void;
  /** Closes connections for subscriptions, and every new one, until `hear`. */
  deafen(): void;
  /** Passes on what was kept back. */
  hear(): void;
}

const SUBSCRIBE = /\r\nsubscribe\r\n/iu;

export async function relayBefore(port: number): Promise<RedisRelay> {
  const subscribers = new Map<Socket, Buffer[]>();
  const sockets = new Set<Socket>();
  let mode: 'hears' | 'held' | 'deaf' = 'hears';

  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.once('close', () => {
        sockets.delete(one);
        subscribers.delete(one);
        other.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (SUBSCRIBE.test(chunk.toString('latin1'))) {
        if (mode === 'deaf') return client.destroy();
        subscribers.set(client, []);
      }
      redis.write(chunk);
    });
    redis.on('data', (chunk) => {
      const kept = mode === 'held' ? subscribers.get(client) : undefined;
      if (kept) kept.push(chunk);
      else client.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold() {
      mode = 'held';
    },
    deafen() {
      mode = 'deaf';
      for (const client of subscribers.keys()) client.destroy();
    },
    hear() {
      mode = 'hears';
      for (const [client, kept] of subscribers) for (const chunk of kept.splice(0)) client.write(chunk);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
