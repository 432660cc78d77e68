import type { ExecutionRequest } from '@graphql-tools/utils';
import { OperationTypeNode } from 'graphql';
import { CALL_ACCOUNT, type CallAccount } from '../../account/index.ts';
import { NOT_BEFORE } from '../../request-context.ts';
import { schemaCaching } from '../schema-caching.ts';
import { subgraphTag } from '../tags/tag.ts';
import { freshnessSaid, type CallAnswer, type CallCaching, type SubgraphCall } from './call-cache.ts';
import { callPlanOf, type CallPlan } from './call-plan.ts';
import { entityCalls } from './entity-calls.ts';
import { answeredPart, type Reading, type ReadPart } from './reading.ts';
import { rootCalls, sendMutation } from './root-calls.ts';

type Send = (request: ExecutionRequest) => unknown;

/** Sends an operation to a subgraph as far as the cache does not answer it. */
export type SubgraphCalls = (
  subgraph: string,
  request: ExecutionRequest,
  reading: Reading,
  send: Send,
) => Promise<CallAnswer>;

export function subgraphCalls(caching: CallCaching): SubgraphCalls {
  const callEntities = entityCalls(caching);
  const callRoot = rootCalls(caching);

  /** Notes what of the answer can be known without reading it. */
  async function callOther(call: SubgraphCall): Promise<CallAnswer> {
    const answer = await call.send(call.variables);
    const said = freshnessSaid(caching, answer, []);
    call.reading.parts.push(answeredPart(said, [subgraphTag(call.subgraph)], 1));
    return answer;
  }

  return async (subgraph, request, reading, send) => {
    const schema = schemaCaching(reading.schema);
    const version = schema.subgraphVersion(subgraph);
    // Of this call alone, so that its account can tell how much of it the cache had.
    const parts: ReadPart[] = [];
    const call: SubgraphCall = {
      schema,
      subgraph,
      version: version ?? '',
      variables: (request.variables ?? {}) as SubgraphCall['variables'],
      reading: { ...reading, parts },
      send(variables) {
        // A call from before an invalidation is not one for who asks after it.
        const extensions = { ...request.extensions, [NOT_BEFORE]: caching.store.position() };
        return send({ ...request, variables, extensions }) as CallAnswer | Promise<CallAnswer>;
      },
    };
    try {
      return await answerOf(call, request);
    } finally {
      reading.parts.push(...parts);
      const account = (request as { readonly [CALL_ACCOUNT]?: CallAccount })[CALL_ACCOUNT];
      if (account && reading.use !== 'bypass') account.cached = parts.reduce((sum, { found }) => sum + found, 0);
    }
  };

  function answerOf(call: SubgraphCall, request: ExecutionRequest): Promise<CallAnswer> {
    if (call.version === '') return callOther(call);
    const plan: CallPlan = callPlanOf(call.schema.supergraph, request.document);
    if (request.operationType === OperationTypeNode.MUTATION) return sendMutation(plan, call);
    if (plan.kind === 'entities') return callEntities(plan, call);
    return plan.kind === 'root' ? callRoot(plan, call) : callOther(call);
  }
}
