import { channel } from 'node:diagnostics_channel';
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { GatewayRuntime } from '@graphql-hive/gateway';

/** The gateway as the CLI serves it. */
export interface GatewayServer {
  readonly server: HttpServer | HttpsServer;
  readonly runtime: GatewayRuntime;
  /** When the gateway stops, this is called, and waited for, before the CLI waits for the server's last socket to end. */
  beforeStop(act: () => Promise<void>): void;
}

/** Node's own word, before a server begins to listen. */
const BEFORE_LISTENING = channel('tracing:net.server.listen:asyncStart');

/**
 * Calls back with the CLI's server before it listens, once; the CLI offers a plugin no other handle on it. Other servers
 * of the process are passed over: theirs is not the gateway's request listener. The returned function stops waiting.
 */
export function onGatewayServer(take: (gateway: GatewayServer) => void): () => void {
  const look = (message: unknown): void => {
    const { server } = message as { server?: unknown };
    if (!(server instanceof HttpServer || server instanceof HttpsServer)) return;
    const runtime = server.listeners('request').find(isRuntime);
    if (!runtime) return;
    stop();
    take({
      server,
      runtime,
      // What is deferred last is done first; the CLI defers its part in a listener of the same event, after this one.
      beforeStop: (act) =>
        void server.once('listening', () => queueMicrotask(() => runtime.disposableStack.defer(act))),
    });
  };
  const stop = (): void => {
    BEFORE_LISTENING.unsubscribe(look);
  };
  BEFORE_LISTENING.subscribe(look);
  return stop;
}

function isRuntime(listener: unknown): listener is GatewayRuntime {
  return typeof listener === 'function' && 'graphqlEndpoint' in listener && 'getSchema' in listener;
}
