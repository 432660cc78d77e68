import type { Server } from 'node:http';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { unauthenticated } from './errors.ts';
import type { Serving } from './index.ts';
import { PRINCIPAL_HEADER, type Caller } from './principal.ts';

/** The largest message that is read, in bytes. */
const MAX_MESSAGE = 1_000_000;

/** Answers the `graphql-transport-ws` protocol; an operation whose token does not verify gets an error. */
export function answerWebSockets(server: Server, { subgraph, path, readCaller, changed }: Serving): WebSocketServer {
  const { schema, createContext } = subgraph;
  const webSockets = new WebSocketServer({ server, path, maxPayload: MAX_MESSAGE });
  const callers = new WeakMap<SubscribePayload, Caller | undefined>();
  useServer(
    {
      schema,
      // Not in `context`: an error there ends the socket, and the gateway has other operations on it.
      async onSubscribe(_socket, _id, payload) {
        try {
          callers.set(payload, await readCaller(tokenIn(payload)));
        } catch {
          return [unauthenticated()];
        }
      },
      context: (_socket, _id, payload) => createContext({ caller: callers.get(payload), changed }),
    },
    webSockets,
  );
  return webSockets;
}

function tokenIn({ extensions }: SubscribePayload): unknown {
  const headers = extensions?.['headers'] as Readonly<Record<string, unknown>> | null | undefined;
  return headers?.[PRINCIPAL_HEADER];
}
