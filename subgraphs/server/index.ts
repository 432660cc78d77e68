import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import { parse } from 'graphql';
import type { SubgraphName } from '../ports.ts';
import {
  cacheWebhook,
  cacheWebhookFromEnvironment,
  type CacheWebhookOptions,
  type TellChanged,
} from './cache-webhook.ts';
import { buildSubgraphSchema, type Resolvers } from './federation-schema.ts';
import { answerHttp } from './http.ts';
import { callerReader, gatewayKey, type Caller, type CallerReader } from './principal.ts';
import { answerWebSockets } from './web-sockets.ts';

export type { Resolvers };

export const DEFAULT_HOST = '127.0.0.1';

const GRAPHQL_PATH = '/graphql';
/** WebSocket close code "going away", RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;

/** A subgraph that could be served, or executed in the same process. */
export interface Subgraph {
  readonly name: SubgraphName;
  readonly schema: GraphQLSchema;
  /** A context for one request: its loaders gather that request's look-ups only. */
  readonly createContext: (request: SubgraphRequest) => object;
}

export interface SubgraphRequest {
  /** Undefined when the gateway did not say, or nobody's word is trusted. */
  readonly caller: Caller | undefined;
  /** For mutations to say what they have changed. */
  readonly changed: TellChanged;
}

export interface ListenOptions {
  /** `0` takes any free port. */
  readonly port: number;
  /** Host name or address to listen on; `127.0.0.1` unless given. */
  readonly host?: string;
  /** The gateway's public key, see `gatewayKey`; `GATEHOUSE_PUBLIC_KEY` unless given. Without one, no request has a caller. */
  readonly publicKey?: string;
  /** Who is told of changes; by `CACHE_WEBHOOK_URL` and `WEBHOOK_SECRET` unless given, and nobody without either. */
  readonly cacheWebhook?: CacheWebhookOptions;
}

/** What the endpoints of a subgraph need, whatever the protocol. */
export interface Serving {
  readonly subgraph: Subgraph;
  readonly path: string;
  readonly readCaller: CallerReader;
  readonly changed: TellChanged;
}

export interface RunningSubgraph {
  readonly name: SubgraphName;
  /** The GraphQL endpoint, for HTTP; the same address answers WebSockets. */
  readonly url: string;
  /** Stops listening and ends every connection at once, WebSockets and running requests too. */
  readonly close: () => Promise<void>;
}

/**
 * The executable schema of a `schema.graphql` file, with `_service` and `_entities`
 * (Apollo Federation subgraph specification).
 */
export function loadSchema(file: URL, resolvers: Resolvers): GraphQLSchema {
  return buildSubgraphSchema({ typeDefs: parse(readFileSync(file, 'utf8')), resolvers });
}

/**
 * Serves a subgraph on `/graphql`: GraphQL over HTTP with server-sent events, and over WebSocket the
 * `graphql-transport-ws` protocol.
 *
 * @throws Error naming the subgraph, host and port when it cannot listen there, and Error for a wrong public key or
 * cache webhook
 */
export async function serve(subgraph: Subgraph, options: ListenOptions): Promise<RunningSubgraph> {
  const { name } = subgraph;
  const { port, host = DEFAULT_HOST, publicKey = process.env['GATEHOUSE_PUBLIC_KEY'] } = options;
  const { cacheWebhook: told = cacheWebhookFromEnvironment(process.env) } = options;
  const readCaller = callerReader(name, publicKey ? gatewayKey(publicKey) : undefined);
  const webhook = told && cacheWebhook(told);
  const serving: Serving = { subgraph, path: GRAPHQL_PATH, readCaller, changed: webhook?.changed ?? tellNobody };
  const server = createServer(answerHttp(serving));

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(name, host, port, cause)));
    server.listen(port, host, resolve);
  });

  const webSockets = answerWebSockets(server, serving);

  return {
    name,
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${(server.address() as AddressInfo).port}${GRAPHQL_PATH}`,
    close: () =>
      new Promise((resolve) => {
        webhook?.close();
        server.close(() => resolve());
        server.closeAllConnections();
        for (const client of webSockets.clients) {
          client.close(GOING_AWAY, 'Going away');
          client.terminate();
        }
        webSockets.close();
      }),
  };
}

const tellNobody: TellChanged = () => Promise.resolve();

function cannotListen(name: SubgraphName, host: string, port: number, cause: NodeJS.ErrnoException): Error {
  const reason = cause.code === 'EADDRINUSE' ? 'the port is in use by another process' : cause.message;
  return new Error(`${name}: cannot listen on ${host}, port ${port}: ${reason}.`, { cause });
}
