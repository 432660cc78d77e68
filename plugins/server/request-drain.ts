import { thingsUnderWay } from '../under-way.ts';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/** Lets HTTP requests end that the gateway has accepted, when it stops. */
export interface RequestDrain {
  /** To be shown each request before anybody answers it; gives false, since it answers none. */
  see(request: IncomingMessage, response: ServerResponse): false;
  /** Resolves when nothing is under way any more, at most after `timeout` ms. */
  drain(timeout: number): Promise<void>;
}

const IS_COUNTED = Symbol('counted');

type CountedSocket = Socket & { [IS_COUNTED]?: boolean };

/** How long a connection on which nothing is under way may still bring a request, in ms. */
const IDLE_GRACE = 1_000;

/**
 * While it drains, the server takes no new connection, and each answer is the last of its own: what a client has sent
 * meanwhile on one that it keeps is answered, and it is told to open another (RFC 9112, section 9.6). The CLI by itself
 * would cut all connections at once.
 */
export function requestDrain(server: Server): RequestDrain {
  const responses = thingsUnderWay<ServerResponse>();
  let connections = 0;
  let isDraining = false;
  let look: () => void = () => {};

  function leave(socket: CountedSocket): void {
    if (!socket[IS_COUNTED]) return;
    socket[IS_COUNTED] = false;
    connections--;
    look();
  }

  server.on('connection', (socket: CountedSocket) => {
    socket[IS_COUNTED] = true;
    connections++;
    socket.once('close', () => leave(socket));
  });
  // A WebSocket from now on, which has an end of its own.
  server.on('upgrade', ({ socket }: IncomingMessage) => leave(socket));

  return {
    see(_, response) {
      if (isDraining) response.shouldKeepAlive = false;
      const end = responses.add(response);
      response.once('close', () => {
        end();
        look();
      });
      return false;
    },

    async drain(timeout) {
      isDraining = true;
      // Right after all that waited to be accepted was: the system resets what still waits when the listener closes.
      await new Promise(setImmediate);
      // That of the HTTP server would end connections too whose next request is on its way.
      NetServer.prototype.close.call(server);
      for (const response of responses.all()) response.shouldKeepAlive = false;
      return new Promise((resolve) => {
        let areIdleOver = false;
        const end = (): void => {
          clearTimeout(grace);
          clearTimeout(fuse);
          look = () => {};
          resolve();
        };
        look = () => {
          if (connections === 0 || (areIdleOver && responses.size === 0)) end();
        };
        const grace = setTimeout(
          () => {
            areIdleOver = true;
            look();
          },
          Math.min(IDLE_GRACE, timeout),
        );
        const fuse = setTimeout(end, timeout);
        look();
      });
    },
  };
}
