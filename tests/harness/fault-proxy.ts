import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request for data, as it came. */
export interface FaultyRequest {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly response: ServerResponse;
  /** What the subgraph would have answered. */
  answer(): Promise<{ data?: unknown; errors?: unknown }>;
}

export type DataFault = (request: FaultyRequest) => void | Promise<void>;

export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Requests for data that arrived since the last fault was set. */
  requests(): number;
  /** How requests for data are answered from now on; undefined: as the subgraph answers them. */
  fail(fault: DataFault | undefined): void;
  /** Refuses connections until `listen`. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
}

/** Stands before a subgraph, on a port of its own. Requests for its schema, probes and WebSockets pass. */
export async function faultProxy(target: string): Promise<FaultProxy> {
  const { port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  let fault: DataFault | undefined;
  let requests = 0;
  let port = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const { query = '', variables = {} } = JSON.parse(body || '{}') as { query?: string; variables?: object };
    const isData = !query.includes('_service') && query !== '{ __typename }';
    if (isData) requests++;
    const answer = async () => {
      const answered = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      return (await answered.json()) as { data?: unknown };
    };
    if (isData && fault) return fault({ query, variables: variables as Record<string, unknown>, response, answer });
    respond(response, await answer());
  }

  const server = createServer((request, response) => void handle(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    const upstream = connect(Number(targetPort), '127.0.0.1', () => {
      const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}`);
      upstream.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });

  async function listen(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  }

  async function refuse(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await listen();
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    port,
    requests: () => requests,
    fail(next) {
      fault = next;
      requests = 0;
    },
    refuse,
    listen,
    [Symbol.asyncDispose]: refuse,
  };
}

/** Answers with JSON. */
export function respond(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
