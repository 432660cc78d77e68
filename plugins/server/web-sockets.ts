import type { Server } from 'node:http';
import { getGraphQLWSOptions, type GatewayRuntime } from '@graphql-hive/gateway';
import { normalizeNodeRequest } from '@whatwg-node/server';
import { GraphQLError } from 'graphql';
import type { Context } from 'graphql-ws';
import { useServer as serveProtocol, type Extra } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Principal } from '../request-context.ts';
import type { Connection, ServerOptions } from './index.ts';

export interface WebSockets {
  /** Closes every socket with 1001, and cuts off who does not answer that within a second. */
  close(): Promise<void>;
}

export interface WebSocketSettings extends ServerOptions {
  isAllowedOrigin(origin: string | undefined): boolean;
}

/** graphql-transport-ws and its relatives in contract: what a socket is closed with. */
const CLOSE = { unauthenticated: 4401, forbidden: 4403, unavailable: 4500, limited: 4429 } as const;

const CONNECTION_INIT_TIMEOUT = 3_000;
const KEEP_ALIVE = 12_000;
const MAX_MESSAGE_BYTES = 1_048_576;
/** ms that a client has to answer that its socket is closed. */
const CLOSE_TIMEOUT = 1_000;

type ConnectionContext = Context<Record<string, unknown>, Extra & { principal?: Principal }>;

/** Serves `graphql-transport-ws` on the gateway's GraphQL endpoint. */
export function serveWebSockets(server: Server, runtime: GatewayRuntime, settings: WebSocketSettings): WebSockets {
  const { authentication, isAllowedOrigin } = settings;
  const sockets = new WebSocketServer({
    server,
    path: runtime.graphqlEndpoint,
    maxPayload: settings.maxMessageBytes ?? MAX_MESSAGE_BYTES,
  });

  async function connect(context: ConnectionContext): Promise<boolean> {
    const { request, socket } = context.extra;
    if (!isAllowedOrigin(request.headers.origin)) return refuse(socket, CLOSE.forbidden, 'Forbidden origin');
    if (!authentication) return true;
    const connection = await authentication.authenticateConnection(request, context.connectionParams);
    if (connection.outcome !== 'accepted') return refuseFor(connection, socket);
    context.extra.principal = connection.principal;
    return true;
  }

  /** What an operation on the socket knows of it. The payload of `connection_init` is not among it: it has done its work. */
  function contextOf({ extra }: ConnectionContext): object {
    const { request: req, socket, principal } = extra;
    return {
      req,
      socket,
      principal,
      request: normalizeNodeRequest(req, runtime.fetchAPI),
      connectionParams: undefined,
    };
  }

  const options = getGraphQLWSOptions(runtime, contextOf as never);
  const protocol = serveProtocol(
    {
      ...options,
      // No message of an internal error in the reason of a close.
      isProd: true,
      connectionInitWaitTimeout: settings.connectionInitTimeout ?? CONNECTION_INIT_TIMEOUT,
      onConnect: (context) => connect(context as unknown as ConnectionContext),
      onSubscribe(context, id, payload) {
        const { extra } = context as unknown as ConnectionContext;
        if (hasEnded(extra.principal)) {
          refuse(extra.socket, CLOSE.unauthenticated, 'Credential expired');
          return [new GraphQLError('The credential has expired.', { extensions: { code: 'UNAUTHENTICATED' } })];
        }
        return options.onSubscribe?.(context as never, id, payload);
      },
    },
    sockets,
    settings.keepAlive ?? KEEP_ALIVE,
  );

  return {
    async close() {
      const timer = setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), CLOSE_TIMEOUT);
      await protocol.dispose();
      clearTimeout(timer);
    },
  };
}

function refuseFor(connection: Exclude<Connection, { outcome: 'accepted' }>, socket: WebSocket): false {
  switch (connection.outcome) {
    case 'refused':
      return refuse(socket, CLOSE.unauthenticated, 'Unauthenticated');
    case 'limited':
      return refuse(socket, CLOSE.limited, 'Too many invalid credentials');
    case 'unavailable':
      return refuse(socket, CLOSE.unavailable, 'Credentials cannot be checked at the moment');
  }
}

/** The first close of a socket is the one that counts; the protocol's own, for a connection that is not wanted, comes after. */
function refuse(socket: WebSocket, code: number, reason: string): false {
  socket.close(code, reason);
  return false;
}

function hasEnded(principal: Principal | undefined): boolean {
  return principal?.expiresAt !== undefined && principal.expiresAt <= Date.now();
}
