import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLSchema } from 'graphql';
import { parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import type { SubgraphName } from '../ports.ts';

export const DEFAULT_HOST = '127.0.0.1';

const GRAPHQL_PATH = '/graphql';
/** The largest WebSocket message that is read, in bytes. */
const MAX_WEBSOCKET_MESSAGE = 1_000_000;
/** WebSocket close code "going away", RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;

type SchemaModule = Extract<Parameters<typeof buildSubgraphSchema>[0], readonly unknown[]>[number];

/** Resolvers by type and field, as `@apollo/subgraph` takes them: it has the type but does not export it. */
export type Resolvers = NonNullable<Extract<SchemaModule, { typeDefs: unknown }>['resolvers']>;

/** A subgraph that could be served, or executed in the same process. */
export interface Subgraph {
  readonly name: SubgraphName;
  readonly schema: GraphQLSchema;
  /** A context for one request: its loaders gather that request's look-ups only. */
  readonly createContext: () => object;
}

export interface ListenOptions {
  /** `0` takes any free port. */
  readonly port: number;
  /** Host name or address to listen on; `127.0.0.1` unless given. */
  readonly host?: string;
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
 * @throws Error naming the subgraph, host and port when it cannot listen there
 */
export async function serve(
  { name, schema, createContext }: Subgraph,
  { port, host = DEFAULT_HOST }: ListenOptions,
): Promise<RunningSubgraph> {
  const yoga = createYoga({
    schema,
    context: createContext,
    graphqlEndpoint: GRAPHQL_PATH,
    graphiql: false,
    landingPage: false,
    logging: 'error',
  });
  const server = createServer((request, response) => void yoga(request, response));

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(name, host, port, cause)));
    server.listen(port, host, resolve);
  });

  const webSockets = new WebSocketServer({ server, path: GRAPHQL_PATH, maxPayload: MAX_WEBSOCKET_MESSAGE });
  useServer({ schema, context: createContext }, webSockets);

  return {
    name,
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${(server.address() as AddressInfo).port}${GRAPHQL_PATH}`,
    close: () =>
      new Promise((resolve) => {
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

function cannotListen(name: SubgraphName, host: string, port: number, cause: NodeJS.ErrnoException): Error {
  const reason = cause.code === 'EADDRINUSE' ? 'the port is in use by another process' : cause.message;
  return new Error(`${name}: cannot listen on ${host}, port ${port}: ${reason}.`, { cause });
}
