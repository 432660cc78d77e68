import { setImmediate as nextTurn } from 'node:timers/promises';
import type { QueryPlan } from '@graphql-hive/router-query-planner';
import type { UnifiedGraphHandler } from '@graphql-hive/gateway';
import { filterInternalFieldsAndTypes } from '@graphql-tools/federation';
import { isAsyncIterable, mapAsyncIterator, type ExecutionRequest, type ExecutionResult } from '@graphql-tools/utils';
import { execute, getVariableValues, GraphQLError, type DocumentNode, type GraphQLSchema } from 'graphql';
import { beginCall, CALL_ACCOUNT, endCall } from '../account/index.ts';
import { completeResponse, type CompletedResponse } from './complete.ts';
import { executePlan, subscribePlan } from './execute-plan.ts';
import { entityKeys } from './entity-keys.ts';
import { fieldOwners } from './field-owners.ts';
import { fetchFailures } from './fetch-failures.ts';
import { operationCompiler } from './operation.ts';
import { startPlanner } from './isolated-planner.ts';
import { plannerOf } from './planner.ts';
import { rememberEngine } from '../supergraph/engines.ts';
import { rememberSupergraph } from '../supergraph/public-schema.ts';
import type { GatehouseContext, SubgraphAccess } from '../request-context.ts';
import type { PlanContext, SubgraphAnswer, SubgraphOperation } from './subgraph-operation.ts';
import { subgraphsOf } from './subgraph-schemas.ts';
import { typeConditions } from './type-conditions.ts';

/**
 * For the config's `unifiedGraphHandler`: the engine, on Hive's query planner.
 *
 * It is made ready in steps that let requests in between, before it takes over from the engine of the old supergraph.
 */
export const planningEngine: UnifiedGraphHandler = async (options) => {
  await nextTurn();
  const isolated = await startPlanner(options.getUnifiedGraphSDL(), options.log);
  const planner = plannerOf(isolated);
  const schema = filterInternalFieldsAndTypes(options.unifiedGraph);
  rememberSupergraph(schema, options.unifiedGraph, options.getUnifiedGraphSDL());
  await nextTurn();
  const subgraphs = subgraphsOf(options);
  const access: SubgraphAccess = { call: options.onSubgraphExecute, schemaOf: subgraphs.schemaOf };
  const compile = operationCompiler(schema);
  const isOfType = typeConditions(schema);
  const ownerOf = fieldOwners(options.unifiedGraph);
  const keysOf = entityKeys(options.unifiedGraph);

  async function run(request: ExecutionRequest): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
    const { document, operationName } = request;
    const { withheld, eventGate, visibleSchema = schema } = (request.context ?? {}) as GatehouseContext;
    const operation = compile(document, operationName, withheld);
    if (!operation) throw new GraphQLError(`The document has no operation "${operationName ?? ''}".`);
    const { definition, shape, introspection, planned } = operation;
    const variables = getVariableValues(schema, definition.variableDefinitions ?? [], request.variables ?? {});
    if (variables.errors) return { errors: [...variables.errors] };
    const context: PlanContext = {
      schema,
      isOfType,
      ownerOf,
      keysOf,
      withheld,
      eventGate,
      shape,
      operationKind: definition.operation,
      variables: variables.coerced,
      send: (sent) => send(request, sent),
      report(service, what) {
        const { log = options.log } = (request.context ?? {}) as { log?: typeof options.log };
        log?.error(`The subgraph "${service}" gave an answer that cannot be used: ${what}`);
      },
    };
    const plan = planned && (await planFor(request, planned));
    const node = plan?.node;
    const [first, ...rest] = node?.kind === 'Sequence' ? node.nodes : node ? [node] : [];
    if (first?.kind === 'Subscription') {
      const responses = await subscribePlan(context, first.primary, rest);
      return isAsyncIterable(responses) ? mapAsyncIterator(responses, toResult) : toResult(responses);
    }
    const response = node
      ? await executePlan(context, node)
      : completeResponse({ ...context, data: {}, failures: fetchFailures() });
    const result = toResult(response);
    return introspection ? withIntrospection(result, visibleSchema, introspection, request.variables) : result;
  }

  async function send(
    request: ExecutionRequest,
    { service, ...operation }: SubgraphOperation,
  ): Promise<SubgraphAnswer> {
    // For each event of a subscription anew.
    const { account, callSubgraph } = (request.context ?? {}) as GatehouseContext;
    const call = account && beginCall(account, service, operation.variables);
    const sent = {
      ...request,
      ...operation,
      operationType: operation.kind,
      subgraphName: service,
      [CALL_ACCOUNT]: call,
    };
    let answer: SubgraphAnswer | undefined;
    try {
      const way: SubgraphAccess['call'] = callSubgraph
        ? (name, asked) => callSubgraph(access, name, asked)
        : access.call;
      answer = (await subgraphs.send(service, sent as ExecutionRequest, way)) as SubgraphAnswer;
      return answer;
    } finally {
      if (call) endCall(call, answer);
    }
  }

  async function planFor(request: ExecutionRequest, document: DocumentNode): Promise<QueryPlan> {
    const { account } = (request.context ?? {}) as GatehouseContext;
    const span = account?.trace?.begin('graphql.plan');
    const { operationName } = request;
    const plan = await planner.plan({ document, operationName, labels: activeLabels(request) });
    span?.end();
    return plan;
  }

  function activeLabels({ context }: ExecutionRequest): ReadonlySet<string> {
    if (planner.labels.length === 0) return NO_LABELS;
    return new Set(planner.labels.filter((label) => options.handleProgressiveOverride?.(label, context)));
  }

  rememberEngine(schema, run);
  return {
    unifiedGraph: schema,
    overrideLabels: planner.labels,
    getSubgraphSchema: subgraphs.schemaOf,
    // The gateway's type of an executor is generic in the data that it returns.
    executor: Object.assign(run, { [Symbol.dispose]: isolated.close }) as never,
  };
};

const NO_LABELS: ReadonlySet<string> = new Set();

function toResult({ data, errors }: CompletedResponse): ExecutionResult {
  return errors.length > 0 ? { data, errors } : { data };
}

/** The gateway answers introspection itself; what subgraphs gave stands beside it. */
async function withIntrospection(
  { data, errors }: ExecutionResult,
  schema: GraphQLSchema,
  document: DocumentNode,
  variableValues: Record<string, unknown> | undefined,
): Promise<ExecutionResult> {
  const introspected = await execute({ schema, document, variableValues: variableValues ?? {} });
  const merged = data && introspected.data ? { ...data, ...introspected.data } : null;
  const all = [...(errors ?? []), ...(introspected.errors ?? [])];
  return all.length > 0 ? { data: merged, errors: all } : { data: merged };
}
