import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands before a TCP server on this machine, and can pass on late what that answers. */
export interface LateRelay extends AsyncDisposable {
  readonly port: number;
  /** From now on, what comes from the server comes so many ms later, in its order; 0: at once. */
  delay(ms: number): void;
}

export async function relayBefore(port: number): Promise<LateRelay> {
  const sockets = new Set<Socket>();
  let delay = 0;

  const server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    const waiting: { readonly at: number; readonly chunk: Buffer }[] = [];
    let timer: NodeJS.Timeout | undefined;
    let lastAt = 0;
    // One timer for all: of two timers, the one that was set first may go off last.
    const pass = (): void => {
      timer = undefined;
      for (let next = waiting[0]; next; next = waiting[0]) {
        const rest = next.at - performance.now();
        if (rest > 0) {
          timer = setTimeout(pass, Math.ceil(rest));
          return;
        }
        waiting.shift();
        client.write(next.chunk);
      }
    };
    client.pipe(target);
    target.on('data', (chunk: Buffer) => {
      lastAt = Math.max(lastAt, performance.now() + delay);
      waiting.push({ at: lastAt, chunk });
      if (timer === undefined) pass();
    });
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    delay(ms) {
      delay = ms;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
