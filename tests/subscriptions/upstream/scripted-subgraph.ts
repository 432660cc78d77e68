import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ScriptedRequest {
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
  readonly response: ServerResponse;
}

/** An HTTP server that answers as the test says. */
export interface ScriptedSubgraph extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ScriptedRequest[];
  /** Requests whose answers have not ended and whose clients are there. */
  open(): number;
}

export async function startScripted(answer: (request: ScriptedRequest) => void): Promise<ScriptedSubgraph> {
  const requests: ScriptedRequest[] = [];
  let open = 0;
  const server = createServer((incoming, response) => {
    open++;
    response.once('close', () => open--);
    void text(incoming).then((body) => {
      const request = { headers: incoming.headers, body: JSON.parse(body), response };
      requests.push(request);
      answer(request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    requests,
    open: () => open,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
