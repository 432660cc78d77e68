import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createYoga } from 'graphql-yoga';
import { parse, type GraphQLSchema } from 'graphql';
import { buildSubgraphSchema } from '../../subgraphs/server/federation-schema.ts';

export type Resolvers = Record<string, Record<string, unknown>>;

/** One operation that reached a subgraph; requests for its schema and probes are not counted. */
export interface Call {
  readonly query: string;
  readonly variables: Record<string, unknown> | undefined;
}

/** Answers a request in place of the subgraph. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => void;

/** A subgraph on a real HTTP server, whose SDL can change while it runs. */
export interface TestSubgraph extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly calls: Call[];
  /** How often its schema was asked for. */
  schemaRequests(): number;
  /** From now on it says that its schema is this, and resolves operations by it. */
  change(sdl: string): void;
  /** From now on every request is answered by the fault; undefined takes it back. */
  break(fault: Fault | undefined): void;
  /** Stops listening and drops every connection; `start` listens again on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", ' +
  '"@requires", "@provides", "@override", "@interfaceObject", "@inaccessible", "@tag"])\n';

/** Federation 2 SDL with the usual directives imported. */
export function federated(sdl: string): string {
  return LINK + sdl;
}

export async function startSubgraph(name: string, sdl: string, resolvers: Resolvers = {}): Promise<TestSubgraph> {
  const calls: Call[] = [];
  const sockets = new Set<Socket>();
  let said = sdl;
  let schema = buildSchema(sdl, resolvers);
  let fault: Fault | undefined;
  let asked = 0;
  let port = 0;
  const yoga = createYoga({ schema: () => schema, logging: false, graphiql: false, landingPage: false });

  const server = createServer((request, response) => {
    void answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (fault) return fault(request, response);
    const body = await text(request);
    const { query = '', variables } = JSON.parse(body || '{}') as Partial<Call>;
    if (query.includes('_service')) {
      asked++;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data: { _service: { sdl: said } } }));
      return;
    }
    if (query !== '{ __typename }') calls.push({ query, variables });
    const result = await yoga.fetch(`http://127.0.0.1${request.url}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: request.headers.accept ?? 'application/json' },
      body,
    });
    response.writeHead(result.status, Object.fromEntries(result.headers));
    response.end(await result.text());
  }

  async function start(): Promise<void> {
    if (server.listening) return;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await start();
  return {
    name,
    url: `http://127.0.0.1:${port}/graphql`,
    calls,
    schemaRequests: () => asked,
    change(next) {
      said = next;
      try {
        schema = buildSchema(next, resolvers);
      } catch {
        // An SDL made to be refused; operations go on as before.
      }
    },
    break(next) {
      fault = next;
    },
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  };
}

function buildSchema(sdl: string, resolvers: Resolvers): GraphQLSchema {
  return buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never });
}
