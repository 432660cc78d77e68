import { channel } from 'node:diagnostics_channel';
import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { GatewayRuntime } from '@graphql-hive/gateway';

/** The gateway as the CLI serves it. */
export interface GatewayServer {
  readonly server: HttpServer | HttpsServer;
  readonly runtime: GatewayRuntime;
  /** When the gateway stops, this is called, and waited for, before the CLI waits for the server's last socket to end. */
  beforeStop(act: () => Promise<void>): void;
  /** The same, before all that `beforeStop` was given: the gateway still serves as ever. */
  beforeDrain(act: () => Promise<void>): void;
  /** Shows each request to `answer` before anybody else: whoever listens gets those for which it gives false. */
  answerFirst(answer: (request: IncomingMessage, response: ServerResponse) => boolean): void;
}

/** Node's own word, before a server begins to listen. */
const BEFORE_LISTENING = channel('tracing:net.server.listen:asyncStart');

/** A plugin may put another listener in the place of the runtime, which the plugins after it are told of all the same. */
const known = new WeakMap<HttpServer | HttpsServer, GatewayRuntime>();

/**
 * Calls back with the CLI's server before it listens, once; the CLI offers a plugin no other handle on it. Other servers
 * of the process are passed over: theirs is not the gateway's request listener. The returned function stops waiting.
 */
export function onGatewayServer(take: (gateway: GatewayServer) => void): () => void {
  const look = (message: unknown): void => {
    const { server } = message as { server?: unknown };
    if (!(server instanceof HttpServer || server instanceof HttpsServer)) return;
    const runtime = known.get(server) ?? server.listeners('request').find(isRuntime);
    if (!runtime) return;
    known.set(server, runtime);
    stop();
    const whenListening = (act: () => void): void => void server.once('listening', () => queueMicrotask(act));
    take({
      server,
      runtime,
      // What is deferred last is done first; the CLI defers its part in a listener of the same event, after this one.
      beforeStop: (act) => whenListening(() => runtime.disposableStack.defer(act)),
      beforeDrain: (act) => whenListening(() => queueMicrotask(() => runtime.disposableStack.defer(act))),
      answerFirst: (answer) => interceptRequests(server, answer),
    });
  };
  const stop = (): void => {
    BEFORE_LISTENING.unsubscribe(look);
  };
  BEFORE_LISTENING.subscribe(look);
  return stop;
}

/** Listeners come and go, and each hears of every request: what is answered must not reach them. */
function interceptRequests(
  server: HttpServer | HttpsServer,
  answer: Parameters<GatewayServer['answerFirst']>[0],
): void {
  const emit = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean;
  server.emit = (event: string | symbol, ...args: unknown[]): boolean =>
    (event === 'request' && answer(args[0] as IncomingMessage, args[1] as ServerResponse)) || emit(event, ...args);
}

function isRuntime(listener: unknown): listener is GatewayRuntime {
  return typeof listener === 'function' && 'graphqlEndpoint' in listener && 'getSchema' in listener;
}
