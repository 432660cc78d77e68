import type { IncomingMessage } from 'node:http';
import type { GatewayPlugin } from '@graphql-hive/gateway';
import { onGatewayServer } from '../cli/http-server.ts';
import type { Principal } from '../request-context.ts';
import { openFrontDoor, type FrontDoor, type FrontDoorStatus, type Recognized } from './front-door/index.ts';
import { allowedOrigins, checkOptions } from './options.ts';
import { serveWebSockets } from './web-sockets.ts';

export { adminFromEnvironment, useAdmin, type AdminOptions, type AdminPage } from './admin.ts';

/** Who opens a WebSocket. */
export interface ConnectionAuthenticator {
  authenticateConnection(upgrade: IncomingMessage, payload: unknown): Connection | Promise<Connection>;
  readonly usesCookie: boolean;
  recognize(request: IncomingMessage): Recognized | undefined;
}

export type Connection =
  | { readonly outcome: 'accepted'; readonly principal: Principal }
  | { readonly outcome: 'refused' | 'limited' | 'unavailable' };

export interface ServerOptions {
  /**
   * Answers what the cache holds before a GraphQL request is made of it, by what `useAuthentication`, `useLimits` and
   * `useCaching` say. Plugins of your own do not see such a request. Default: false.
   */
  readonly frontDoor?: boolean;
  /** Without it, everyone may open a WebSocket, and operations have no principal. */
  readonly authentication?: ConnectionAuthenticator | undefined;
  /**
   * Origins of the pages that may open a WebSocket, as browsers name them (`https://app.example.com`); a WebSocket from
   * another is closed with 4403, and one without an Origin comes from no browser. Default: any. Needed with a cookie.
   */
  readonly origins?: readonly string[];
  /** How long a client may take to send `connection_init`, in ms; then 4408. Default: 3,000. */
  readonly connectionInitTimeout?: number;
  /** How often a ping is sent, in ms; who does not answer until the next is cut off. 0: never. Default: 12,000. */
  readonly keepAlive?: number;
  /** The largest message that is read, in bytes. Default: 1,048,576. */
  readonly maxMessageBytes?: number;
}

export interface ServerPlugin extends GatewayPlugin {
  /** For operators; `frontDoor` is undefined when there is none. */
  status(): { readonly frontDoor: FrontDoorStatus | undefined };
}

/**
 * Owns the WebSocket endpoint of the CLI's server, which has to be told to leave it alone (`disableWebsockets: true`):
 * `graphql-transport-ws`, with `connection_init` authenticated before anything else runs on a socket. It closes with
 * 4401 (nobody we know), 4403 (origin), 4408 (no `connection_init` in time), 4429 (many wrong credentials) and 4500
 * (cannot be told); and with 1001 when the gateway stops. With `frontDoor`, answers HTTP requests from the cache.
 *
 * Throws an `Error` that names the option when one is wrong.
 */
export function useServer(options: ServerOptions = {}): ServerPlugin {
  checkOptions(options);
  const settings = { ...options, isAllowedOrigin: allowedOrigins(options.origins) };
  let stopWaiting: (() => void) | undefined;
  let frontDoor: FrontDoor | undefined;

  return {
    onYogaInit() {
      stopWaiting ??= onGatewayServer(({ server, runtime, beforeStop }) => {
        beforeStop(serveWebSockets(server, runtime, settings).close);
        if (!options.frontDoor) return;
        const { graphqlEndpoint: path } = runtime;
        const recognize = options.authentication?.recognize;
        frontDoor = openFrontDoor(server, runtime as never, { recognize, path });
      });
    },
    status: () => ({ frontDoor: frontDoor?.status() }),
    onSchemaChange() {
      frontDoor?.forget();
    },
    onExecute({ args }) {
      frontDoor?.executed(args.contextValue);
    },
    onDispose() {
      stopWaiting?.();
    },
  };
}
