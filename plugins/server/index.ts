import type { IncomingMessage } from 'node:http';
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import type { GraphQLSchema } from 'graphql';
import { leavePrimary } from '../cli/forked.ts';
import { onGatewayServer } from '../cli/http-server.ts';
import { keepObjectsYoung } from '../cli/young-objects.ts';
import type { LiveCaller } from '../request-context.ts';
import { directWay } from './direct/index.ts';
import { openFrontDoor, type FrontDoor, type Recognized } from './front-door/index.ts';
import { bodyLimit, httpLimits, limitServer, type HttpLimitOptions } from './http-limits.ts';
import { allowedOrigins, checkOptions } from './options.ts';
import { ownPipeline } from './pipeline.ts';
import { requestDrain } from './request-drain.ts';
import { addressCheck, dropBadRequestId } from './request-head.ts';
import {
  serveWebSockets,
  webSocketSettings,
  type WebSocketOptions,
  type WebSockets,
  type WebSocketsStatus,
} from './web-socket/index.ts';

export { useLandingPage, type LandingPageOptions } from './landing-page/index.ts';
export { adminFromEnvironment, useAdmin, type AdminOptions, type AdminPage } from './admin/index.ts';

/** The request with which a WebSocket was opened. */
export type Upgrade = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'socket'>;

/** Who opens a WebSocket. */
export interface ConnectionAuthenticator {
  authenticateConnection(upgrade: Upgrade, payload: unknown): ConnectionOutcome | Promise<ConnectionOutcome>;
  /** Where the client is, through trusted proxies. */
  addressOf(request: IncomingMessage): string;
  readonly usesCookie: boolean;
  recognize(request: IncomingMessage): Recognized | undefined;
}

export type ConnectionOutcome =
  | { readonly outcome: 'accepted'; readonly caller: LiveCaller }
  | { readonly outcome: 'refused' | 'limited' | 'unavailable' };

export interface ServerOptions extends WebSocketOptions, HttpLimitOptions {
  /**
   * Reads GraphQL requests by itself, which takes a third less CPU than Hive Gateway's adapters do, and hands them to the
   * plugins, all of whose hooks run. Answers what the cache holds before that, by what `useAuthentication`, `useLimits`
   * and `useCaching` say: plugins of your own do not see such a request. Default: false.
   */
  readonly frontDoor?: boolean;
  /** Without it, everyone may open a WebSocket, and operations have no principal. */
  readonly authentication?: ConnectionAuthenticator | undefined;
  /**
   * Origins of the pages that may open a WebSocket, as browsers name them (`https://app.example.com`); a WebSocket from
   * another is closed with 4403, and one without an Origin comes from no browser. Default: any. Needed with a cookie.
   */
  readonly origins?: readonly string[] | undefined;
  readonly log?: Pick<Logger, 'debug' | 'error'> | undefined;
}

export interface ServerPlugin extends GatewayPlugin {
  /** For operators; `frontDoor` is undefined when there is none. */
  status(): {
    readonly frontDoor: ReturnType<FrontDoor['status']> | undefined;
    readonly webSockets: WebSocketsStatus | undefined;
    /** Of clients, whatever they are used for. */
    readonly openSockets: number;
  };
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
  keepObjectsYoung();
  const { drainTimeout } = webSocketSettings(options);
  const limits = httpLimits(options);
  const { authentication, log } = options;
  const settings = { ...options, authentication, log, isAllowedOrigin: allowedOrigins(options.origins) };
  let stopWaiting: (() => void) | undefined;
  let frontDoor: FrontDoor | undefined;
  let webSockets: WebSockets | undefined;
  let openSockets = 0;
  let schema: GraphQLSchema | undefined;
  let plugins: readonly GatewayPlugin[] = [];

  return {
    onPluginInit({ plugins: all }) {
      plugins = all as readonly GatewayPlugin[];
    },
    onYogaInit() {
      stopWaiting ??= onGatewayServer(({ server, runtime, answerFirst, beforeStop }) => {
        server.on('connection', (socket) => {
          openSockets++;
          socket.once('close', () => openSockets--);
        });
        limitServer(server, limits);
        server.on('upgrade', dropBadRequestId);
        const sockets = serveWebSockets(server, runtime, settings);
        webSockets = sockets;
        const requests = requestDrain(server);
        answerFirst(requests.see);
        const [hasNoAddress, isTooLarge] = [addressCheck(), bodyLimit(limits, log)];
        answerFirst((request, response) => {
          dropBadRequestId(request);
          return hasNoAddress(request, response) || isTooLarge(request, response);
        });
        beforeStop(async () => {
          await Promise.all([sockets.close(), requests.drain(drainTimeout)]);
        });
        const pipeline = ownPipeline(server, runtime);
        if (!options.frontDoor) return;
        const { graphqlEndpoint: path } = runtime;
        const recognize = authentication?.recognize;
        frontDoor = openFrontDoor(server, pipeline, {
          recognize,
          path,
          direct: directWay(runtime, plugins, () => schema),
        });
      });
    },
    status: () => ({ frontDoor: frontDoor?.status(), webSockets: webSockets?.status(), openSockets }),
    onSchemaChange(change) {
      schema = change.schema;
      frontDoor?.forget();
    },
    onExecute({ args }) {
      frontDoor?.executed(args.contextValue);
    },
    onDispose() {
      stopWaiting?.();
      leavePrimary();
    },
  };
}
