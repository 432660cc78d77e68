import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An operation on its way to a subgraph. */
export interface HeldCall {
  readonly subgraph: string;
  readonly operation: string;
  readonly variables: Record<string, unknown>;
}

export interface HoldingProxy extends AsyncDisposable {
  readonly subgraphs: readonly { readonly name: string; readonly url: string }[];
  /** Operations that have arrived and are not yet answered. */
  held(): readonly HeldCall[];
  /** Lets all that are held through to their subgraphs. */
  release(): void;
}

/**
 * One proxy before each subgraph, that keeps every operation until it is released: what is held at the same time was
 * sent without waiting for an answer to the other. Requests for schemas and probes pass.
 */
export async function holdBefore(subgraphs: readonly { name: string; url: string }[]): Promise<HoldingProxy> {
  const held = new Map<HeldCall, () => void>();
  const servers = await Promise.all(
    subgraphs.map(async ({ name, url }) => {
      const server = createServer((request, response) => {
        void text(request).then((body) => {
          const { query: operation = '', variables = {} } = JSON.parse(body || '{}');
          const pass = () => void forward(url, body, response);
          if (operation.includes('_service') || operation === '{ __typename }') pass();
          else held.set({ subgraph: name, operation, variables }, pass);
        });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { name, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` };
    }),
  );
  return {
    subgraphs: servers,
    held: () => [...held.keys()],
    release() {
      const passes = [...held.values()];
      held.clear();
      for (const pass of passes) pass();
    },
    async [Symbol.asyncDispose]() {
      for (const { server } of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function forward(url: string, body: string, response: ServerResponse): Promise<void> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(await answer.text());
}
