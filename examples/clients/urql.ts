import { Client, fetchExchange, subscriptionExchange, type ExecutionResult } from '@urql/core';
import { createClient } from 'graphql-ws';

// urql at Gatehouse: queries and mutations over HTTP, subscriptions over WebSocket, with the same token.

export interface Connection {
  readonly client: Client;
  /** Ends the WebSocket, if one was opened. */
  close(): void;
}

/**
 * @param endpoint such as `https://api.example.com/graphql`
 * @param token the access token as it is now; undefined: nobody is signed in
 */
export function connectUrql(endpoint: string, token: () => string | undefined): Connection {
  const authorization = (): { authorization?: string } => {
    const current = token();
    return current === undefined ? {} : { authorization: `Bearer ${current}` };
  };

  // The token is read anew for each connection. When it is not accepted (4401), the client does not try again.
  const sockets = createClient({
    url: endpoint.replace(/^http/, 'ws'),
    connectionParams: authorization,
  });

  const client = new Client({
    url: endpoint,
    // A GET that any page could send by itself is refused (docs/cross-origin.md).
    preferGetMethod: false,
    fetchOptions: () => ({ headers: authorization() }),
    exchanges: [
      // Before it stands the cache that your application uses.
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: sockets.subscribe(
              { query, variables },
              // The two write down the same JSON with different types.
              { ...sink, next: (result) => sink.next(result as ExecutionResult) },
            ),
          }),
        }),
      }),
    ],
  });
  return { client, close: () => void sockets.dispose() };
}
