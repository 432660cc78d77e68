import { composeServices } from '@theguild/federation-composition';
import type { ExecutionResult } from 'graphql';
import { parse } from 'graphql';

/** When a client may try again, in s. */
const RETRY_AFTER = 5;

/**
 * What the engine is given before there is any supergraph: the CLI does not listen before it has one, and a gateway
 * that does not listen cannot say at `/health` what it is waiting for.
 */
export function waitingSupergraph(): string {
  const typeDefs = parse('type Query { _waiting: Boolean }');
  const result = composeServices([{ name: 'waiting', typeDefs }]);
  if (!result.supergraphSdl) throw new AggregateError(result.errors ?? [], 'the empty supergraph does not compose');
  return result.supergraphSdl;
}

/** The answer to every operation while there is no supergraph. */
export function waitingAnswer(): ExecutionResult {
  return {
    errors: [
      {
        message: 'The gateway is starting: it has no schema yet. Try again shortly.',
        extensions: {
          code: 'SUBGRAPH_UNAVAILABLE',
          http: { status: 503, headers: { 'retry-after': String(RETRY_AFTER) } },
        },
      } as never,
    ],
  };
}
