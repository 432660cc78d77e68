import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A server that answers every request alike; `answerWith` changes how. */
export interface AnsweringServer extends AsyncDisposable {
  readonly url: string;
  answerWith(answer: Answer): void;
  requests(): number;
}

export async function startAnswering(first: Answer): Promise<AnsweringServer> {
  let answer = first;
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    answer(response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answerWith(next) {
      answer = next;
    },
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

export const hang: Answer = () => {};
