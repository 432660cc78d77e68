import type { RequestListener } from 'node:http';
import { useApolloInlineTrace } from '@graphql-yoga/plugin-apollo-inline-trace';
import { createYoga, type Plugin } from 'graphql-yoga';
import { unauthenticated } from './errors.ts';
import type { Serving } from './index.ts';
import { PRINCIPAL_HEADER, type Caller } from './principal.ts';

/** Answers GraphQL over HTTP, with server-sent events; a request whose token does not verify gets 401. */
export function answerHttp({ subgraph, path, readCaller, changed }: Serving): RequestListener {
  const { schema, createContext } = subgraph;
  const callers = new WeakMap<Request, Caller | undefined>();

  const useCaller: Plugin = {
    // Before the operation is so much as parsed.
    async onRequest({ request, endResponse, fetchAPI }) {
      try {
        callers.set(request, await readCaller(request.headers.get(PRINCIPAL_HEADER) ?? undefined));
      } catch {
        endResponse(fetchAPI.Response.json({ errors: [unauthenticated()] }, { status: 401 }));
      }
    },
  };

  const yoga = createYoga({
    schema,
    context: ({ request }) => createContext({ caller: callers.get(request), changed }),
    // The gateway asks for the timings of fields now and then.
    plugins: [useCaller, useApolloInlineTrace()],
    graphqlEndpoint: path,
    graphiql: false,
    landingPage: false,
    logging: 'error',
  });
  return (request, response) => void yoga(request, response);
}
