import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createYoga } from 'graphql-yoga';
import { jwtVerify } from 'jose';
import { WebSocketServer } from 'ws';
import { buildSubgraphSchema } from '../../../subgraphs/server/federation-schema.ts';
import { federated } from '../../harness/subgraph.ts';

const NAME = 'callers';
const SDL = federated(
  'type Query { caller: String } type Mutation { caller: String } type Subscription { caller: String endless: String }',
);

type Headers = Readonly<Record<string, unknown>>;

/** An operation that reached the subgraph. */
export interface Seen {
  /** What the gateway's token says, verified. */
  readonly caller: unknown;
  /** What stands in headers; over WebSocket, in what takes their place. */
  readonly headers: Headers;
  /** All that came with it, the upgrade and the first message of its WebSocket included. */
  readonly came: unknown;
}

/** A subgraph whose every field says who is calling, as the gateway told it. */
export interface CallerSubgraph extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** What a gateway needs that speaks to it. */
  readonly env: Readonly<Record<string, string>>;
  readonly seen: Seen[];
}

type Context = Omit<Seen, 'caller'>;

export async function startCallerSubgraph(): Promise<CallerSubgraph> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seen: Seen[] = [];

  async function see(context: Context): Promise<string> {
    const token = context.headers['gatehouse-principal'];
    const caller = typeof token === 'string' ? await claimsOf(token) : null;
    seen.push({ caller, headers: context.headers, came: context.came });
    return JSON.stringify(caller);
  }

  async function claimsOf(token: string): Promise<unknown> {
    const { payload } = await jwtVerify(token, publicKey, {
      issuer: 'gatehouse',
      audience: NAME,
      algorithms: ['EdDSA'],
    });
    const { sub, kind, method, scope } = payload;
    return { sub, kind, method, scope };
  }

  const caller = (_: unknown, __: unknown, context: Context): Promise<string> => see(context);
  const resolvers = {
    Query: { caller },
    Mutation: { caller },
    Subscription: {
      caller: {
        resolve: (event: unknown) => event,
        async *subscribe(_: unknown, __: unknown, context: Context) {
          yield await see(context);
        },
      },
      endless: {
        async *subscribe(_: unknown, __: unknown, context: Context) {
          await see(context);
          yield await new Promise(() => {});
        },
      },
    },
  };
  const schema = buildSubgraphSchema({ typeDefs: parse(SDL), resolvers });

  const yoga = createYoga<{ req: IncomingMessage }, Context>({
    schema,
    context: ({ req: { headers } }) => ({ headers, came: headers }),
    logging: false,
    graphiql: false,
    landingPage: false,
  });
  const server = createServer((request, response) => void yoga(request, response));
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer(
    {
      schema,
      context({ connectionParams, extra }, _id, { extensions }): Context {
        const { headers: upgrade } = (extra as { request: IncomingMessage }).request;
        const { headers = {} } = (extensions ?? {}) as { headers?: Headers };
        return { headers, came: { connectionParams, extensions, upgrade } };
      },
    },
    sockets,
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    name: NAME,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    env: { PRINCIPAL_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}
