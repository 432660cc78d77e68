import { isAsyncIterable } from '@graphql-tools/utils';
import { OperationTypeNode, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { ResponseCacheUse } from '../account/index.ts';
import { operationProfiles, type OperationProfile } from '../operation/index.ts';
import { ANONYMOUS, type CurrentResponse, type GatehouseContext } from '../request-context.ts';
import { hashOf, privateKeyOf } from './calls/call-key.ts';
import type { Reading } from './calls/reading.ts';
import type { Invalidate } from './invalidation/index.ts';
import { mutationHints } from './invalidation/mutation-hints.ts';
import type { CacheMetrics } from './metrics.ts';
import type { CachingOptions } from './options.ts';
import type { Outcome } from './responses/outcome.ts';
import { requestedUse } from './responses/request-directives.ts';
import { scopeOf, type CacheableOperation, type ResponseCache } from './responses/response-cache.ts';
import { etagOf } from './responses/kept-body.ts';
import { hitHeaders, isKnown, sameHeadersUntil } from './responses/response-headers.ts';
import { schemaCaching } from './schema-caching.ts';
import { bytesOf, type CacheEntry } from './store/index.ts';

type Execute = (args: ExecutionArgs) => unknown;
// Properties: a `WeakMap` costs several times as much, and again with each garbage collection. Of the context, one with a
// name: it has so many that V8 would make a dictionary of it for another symbol.
const OUTCOMES = Symbol('outcomes');

type CachedRequest = Request & {
  /** What the cache had to do with each of its operations. */
  [OUTCOMES]?: Outcome[];
};

type Context = GatehouseContext & {
  /** What its operation reads, while it is executed. */
  cacheReading?: Reading;
  readonly request?: CachedRequest;
  /** The WebSocket that it came over: then `request` is that of its upgrade. */
  readonly socket?: unknown;
  held?: GatehouseContext['held'];
};

/** Undefined for an operation on a WebSocket: what its upgrade said of caches, it did not say of the operation. */
function httpRequest({ request, socket }: Context): CachedRequest | undefined {
  return socket === undefined ? request : undefined;
}

/** What becomes of an execution: it is done as always, in another way, or not at all. */
export type Course =
  | { readonly kind: 'execute'; readonly execute: Execute }
  | { readonly kind: 'answered'; readonly result: ExecutionResult };

export interface OperationCaching {
  /** Undefined for what the cache has nothing to do with. */
  courseOf(args: ExecutionArgs, execute: Execute): Course | undefined;
  /** What the execution with this context reads, while it runs. */
  readingOf(context: unknown): Reading | undefined;
  /** What the cache had to do with each operation of a request. */
  outcomesOf(request: Request): readonly Outcome[];
}

export interface OperationCachingOptions extends Pick<
  CachingOptions,
  'responses' | 'entities' | 'clientDirectives' | 'log'
> {
  /** In lower case. */
  readonly vary: readonly string[];
  readonly cache: ResponseCache;
  metrics(): CacheMetrics;
  readonly invalidate: Invalidate;
}

const NO_OUTCOMES: readonly Outcome[] = [];

export function operationCaching(options: OperationCachingOptions): OperationCaching {
  const {
    responses = true,
    entities = true,
    clientDirectives = 'honour',
    vary,
    cache,
    invalidate,
    metrics,
    log,
  } = options;
  const profiles = operationProfiles();

  function note(context: Context, outcome: Outcome): void {
    const { account } = context;
    if (account) account.cache = useOf(outcome);
    const request = httpRequest(context);
    if (!request) return;
    (request[OUTCOMES] ??= []).push(outcome);
  }

  function callerOf({ principal, request }: Context): Pick<Reading, 'privateKey' | 'varyKey'> {
    return { privateKey: privateKeyOf(principal), varyKey: varyKeyOf(request) };
  }

  function begin(
    { schema, contextValue }: ExecutionArgs,
    use: Reading['use'],
    caller: Pick<Reading, 'privateKey' | 'varyKey'>,
    needsTags: boolean,
  ): Reading {
    const reading: Reading = { schema, use, ...caller, needsTags, parts: [], changed: [] };
    (contextValue as Context).cacheReading = reading;
    return reading;
  }

  function varyKeyOf(request: Request | undefined): string {
    if (vary.length === 0) return '';
    return hashOf(vary.map((name) => request?.headers.get(name) ?? null));
  }

  function mutation(args: ExecutionArgs, { selection = [] }: OperationProfile, execute: Execute): Course {
    const context = args.contextValue as Context;
    const reading = begin(args, 'bypass', callerOf(context), false);
    const variables = args.variableValues ?? {};
    return {
      kind: 'execute',
      async execute(given) {
        const result = await execute(given);
        const hinted = mutationHints(selection, variables, (coordinate, problem) =>
          log?.warn({ coordinate, problem }, 'A @cacheInvalidate cannot be followed'),
        );
        const changed = [...reading.changed, ...hinted];
        // Before it is answered: who has the answer finds nothing older than it.
        if (changed.length > 0) await invalidate(changed);
        note(context, { kind: 'bypass' });
        return result;
      },
    };
  }

  function query(args: ExecutionArgs, profile: OperationProfile, execute: Execute): Course {
    const context = args.contextValue as Context;
    const { withheld } = context;
    const request = httpRequest(context);
    const use = requestedUse(request, clientDirectives);
    const caller = callerOf(context);
    const isWhole = responses && use !== 'bypass' && !withheld;
    const schema = schemaCaching(args.schema);
    const operation = isWhole ? cache.operationOf(schema, profile, args.variableValues ?? {}, caller) : undefined;
    // What decides about data has to see it as it is.
    const useOfCalls = !entities || withheld?.onData ? 'bypass' : use;
    const reading = begin(args, useOfCalls, caller, operation !== undefined);
    if (!operation) {
      return {
        kind: 'execute',
        async execute(given) {
          const result = await execute(given);
          note(context, use === 'bypass' ? { kind: 'bypass' } : missed(reading));
          return result;
        },
      };
    }
    if (use === 'use') context.held = heldResponse(operation, context);
    const lookup = context.account?.trace?.begin('cache');
    const known = use === 'use' ? cache.peek(operation) : undefined;
    if (known) {
      lookup?.end();
      metrics().asked('l1', 'hit');
      note(context, known.outcome);
      return { kind: 'answered', result: known.result };
    }
    return {
      kind: 'execute',
      async execute(given) {
        const { result, outcome } = await cache.answer(schema, operation, reading, use, async () => {
          lookup?.end();
          const executed = await execute(given);
          if (isAsyncIterable(executed)) throw new Error(STREAMED);
          return executed as ExecutionResult;
        });
        lookup?.end();
        note(context, outcome);
        return result;
      },
    };
  }

  function heldResponse(operation: CacheableOperation, context: Context): GatehouseContext['held'] {
    const request = httpRequest(context);
    if (!request) return undefined;
    const isForAll = isAnyone(context, request);
    const varying = vary.map((name) => [name, request.headers.get(name) ?? ''] as const);
    const scope = scopeOf(operation);
    let last: { readonly response: CurrentResponse; readonly entry: CacheEntry; readonly until: number } | undefined;
    return {
      current(given) {
        // Whoever asks may not look at these headers when it tells requests apart.
        for (const [name, value] of varying) if (String(given[name] ?? '') !== value) return undefined;
        const entry = cache.peekEntry(operation);
        if (!entry) return undefined;
        const now = performance.now();
        // The same object while nothing of it changes, which is for most of a second.
        if (last?.entry !== entry || now >= last.until) {
          const body = bytesOf(entry.value);
          const etag = etagOf(body);
          const headers = hitHeaders({ entry, scope }, etag, isForAll, now);
          last = { response: { status: 200, body, etag, headers }, entry, until: sameHeadersUntil(entry, now) };
        }
        const { response } = last;
        return isKnown(given['if-none-match'] ?? null, response.etag) ? { ...response, status: 304 } : response;
      },
      answered: () => metrics().asked('l1', 'hit'),
    };
  }

  return {
    courseOf(args, execute) {
      const { operation } = args.contextValue as Context;
      const profile = operation ?? profiles.profileOf(args.schema, args.document, args.operationName);
      if (!profile) return undefined;
      return profile.kind === OperationTypeNode.MUTATION
        ? mutation(args, profile, execute)
        : query(args, profile, execute);
    },
    readingOf: (context) => (context as Context | undefined)?.cacheReading,
    outcomesOf: (request: CachedRequest) => request[OUTCOMES] ?? NO_OUTCOMES,
  };
}

function useOf(outcome: Outcome): ResponseCacheUse {
  if (outcome.kind !== 'hit') return { tier: undefined, outcome: outcome.kind };
  return { tier: outcome.tier, outcome: outcome.isStale ? 'stale' : 'hit' };
}

const STREAMED =
  'A query was answered as a stream, which no cache of responses can keep; useCaching: responses is to be false';

function missed({ parts }: Reading): Outcome {
  const sum = (count: 'found' | 'fetched'): number => parts.reduce((total, part) => total + part[count], 0);
  return { kind: 'miss', found: sum('found'), fetched: sum('fetched'), stored: undefined };
}

/** Whether the answers to a caller are those that anybody gets who comes without a credential. */
export function isAnyone({ principal = ANONYMOUS }: GatehouseContext, request: Request): boolean {
  return principal.kind === 'anonymous' && !request.headers.has('authorization');
}
