import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import { OperationTypeNode } from 'graphql';

// Apollo Client 4 at Gatehouse: queries and mutations over HTTP, subscriptions over WebSocket, with the same token.

export interface Connection {
  readonly client: ApolloClient;
  /** Ends the WebSocket, if one was opened. */
  close(): void;
}

/**
 * @param endpoint such as `https://api.example.com/graphql`
 * @param token the access token as it is now; undefined: nobody is signed in
 */
export function connectApolloClient(endpoint: string, token: () => Promise<string | undefined>): Connection {
  const authorization = async (): Promise<{ authorization?: string }> => {
    const current = await token();
    return current === undefined ? {} : { authorization: `Bearer ${current}` };
  };

  // A query goes by its hash, as a GET that caches on the way may answer; its text is sent once, when it is not known yet.
  // It takes AUTOMATIC_PERSISTED_QUERIES=on; without this link, each request has the text.
  const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
  const signedIn = new SetContextLink(async ({ headers }) => ({ headers: { ...headers, ...(await authorization()) } }));
  // Its GETs have a content type that no page can send by itself, so they are let through (docs/cross-origin.md).
  const http = new HttpLink({ uri: endpoint });

  // The token is read anew for each connection. When it is not accepted (4401), the client does not try again.
  const sockets = createClient({
    url: endpoint.replace(/^http/, 'ws'),
    connectionParams: authorization,
  });

  const link = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(sockets),
    ApolloLink.from([persisted, signedIn, http]),
  );
  // A field that failed or is withheld is null, and the rest is there: ask with `errorPolicy: 'all'` for both.
  const client = new ApolloClient({
    link,
    cache: new InMemoryCache({ typePolicies: { Product: { keyFields: ['upc'] } } }),
  });
  return {
    client,
    close() {
      client.stop();
      void sockets.dispose();
    },
  };
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
