import type { GatewayPlugin, Logger } from '@graphql-hive/gateway';
import { isAsyncIterable, type ExecutionRequest, type Executor } from '@graphql-tools/utils';
import { OperationTypeNode, type GraphQLSchema } from 'graphql';
import { hookedStream, runHooks, type Hook, type StreamHooks } from '../../hooks.ts';
import type { CallSubgraph, SubgraphAccess, SubgraphResult } from '../../request-context.ts';

/** Where a subgraph is, as the gateway has it of the supergraph and of its config. */
type TransportEntry = NonNullable<Parameters<NonNullable<GatewayPlugin['onSubgraphExecute']>>[0]['transportEntry']>;

/** Under this name on a call the gateway's own way: takes where the subgraph is. */
const LEARN = Symbol('learn');

type TeachingRequest = ExecutionRequest & { readonly [LEARN]?: (entry: TransportEntry) => void };

export interface CallHooks {
  readonly call: CallSubgraph;
  /** To be called by a hook that the gateway runs by itself. */
  learn(request: ExecutionRequest, entry: TransportEntry): void;
}

/**
 * Runs what plugins do with the calls to subgraphs (`onSubgraphExecute`), in the same order and with the same payload as
 * the gateway does. Its own payloads are objects that are written with getters: what these lead to, which is all that the
 * request has, survives each garbage collection but a full one (seen on Node 24). The first call to a subgraph, and
 * subscriptions, go the gateway's own way.
 */
export function callHooks(plugins: readonly GatewayPlugin[]): CallHooks {
  const known = new WeakMap<SubgraphAccess, Map<string, TransportEntry>>();
  const hooks = plugins.flatMap(({ onSubgraphExecute }) => (onSubgraphExecute as Hook<unknown> | undefined) ?? []);

  function callAsGateway(subgraphs: SubgraphAccess, name: string, request: ExecutionRequest): SubgraphResult {
    const learn = (entry: TransportEntry): void => {
      const entries = known.get(subgraphs) ?? new Map<string, TransportEntry>();
      known.set(subgraphs, entries.set(name, entry));
    };
    return subgraphs.call(name, { ...request, [LEARN]: learn } as TeachingRequest);
  }

  return {
    call(subgraphs, name, request) {
      const entry = known.get(subgraphs)?.get(name);
      if (!entry || request.operationType === OperationTypeNode.SUBSCRIPTION) {
        return callAsGateway(subgraphs, name, request);
      }
      nameItself(request);
      return callHooked(hooks, new CallPayload(subgraphs, name, entry, request));
    },
    learn: (request, entry) => (request as TeachingRequest)[LEARN]?.(entry),
  };
}

/** Whether a plugin wraps calls, or the requests that they make, beside hooking in: only the gateway lets it. */
export function wrapsCalls(plugins: readonly GatewayPlugin[]): boolean {
  return plugins.some(({ instrumentation }) => instrumentation?.subgraphExecute ?? instrumentation?.fetch);
}

async function callHooked(hooks: readonly Hook<unknown>[], payload: CallPayload): Promise<Awaited<SubgraphResult>> {
  const done: Hook<unknown>[] = [];
  const beginning = runHooks(hooks, payload, undefined, (after) => {
    if (after) done.push(after as Hook<unknown>);
  });
  if (beginning) await beginning;
  const told = {
    result: (await payload.executor(payload.executionRequest)) as Awaited<SubgraphResult>,
    setResult: (changed: Awaited<SubgraphResult>) => void (told.result = changed),
  };
  const streams: StreamHooks[] = [];
  const ending = runHooks(done, told, undefined, (stream) => {
    if (stream) streams.push(stream);
  });
  if (ending) await ending;
  const { result } = told;
  return isAsyncIterable(result) ? (hookedStream(result, streams, {}) as typeof result) : result;
}

/** As the gateway does: hooks of `fetch` find the request there. */
function nameItself(request: ExecutionRequest): void {
  const info = (request.info ?? {}) as { executionRequest?: ExecutionRequest };
  info.executionRequest = request;
  request.info = info as never;
  request.rootValue = { executionRequest: request };
}

/** A class, since its getters are not written into each of them. */
class CallPayload {
  readonly subgraphName: string;
  readonly transportEntry: TransportEntry;
  executionRequest: ExecutionRequest;
  executor: Executor;
  readonly #subgraphs: SubgraphAccess;

  constructor(subgraphs: SubgraphAccess, name: string, entry: TransportEntry, request: ExecutionRequest) {
    this.subgraphName = name;
    this.transportEntry = entry;
    this.executionRequest = request;
    this.executor = (asked) => subgraphs.call(name, asked) as never;
    this.#subgraphs = subgraphs;
  }

  readonly setExecutionRequest = (changed: ExecutionRequest): void => void (this.executionRequest = changed);
  readonly setExecutor = (changed: Executor): void => void (this.executor = changed);

  get subgraph(): GraphQLSchema {
    return this.#subgraphs.schemaOf(this.subgraphName);
  }

  get log(): Logger {
    const { log } = this.executionRequest.context as { readonly log: Logger };
    return log.child({ subgraph: this.subgraphName });
  }
}
