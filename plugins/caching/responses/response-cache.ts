import { OperationTypeNode, type ExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import { hashOf } from '../calls/call-key.ts';
import type { CacheUse, Reading } from '../calls/reading.ts';
import type { CacheMetrics } from '../metrics.ts';
import { freshnessOf, type Freshness } from '../policy/answer-freshness.ts';
import type { CachePolicies, CachePolicy } from '../policy/cache-policy.ts';
import type { CacheScope } from '../policy/hints.ts';
import type { SchemaCaching } from '../schema-caching.ts';
import { bytesOf, type CacheEntry, type CacheStore, type Fetched, type Lifetime } from '../store/index.ts';
import type { OperationProfile, SelectedField } from '../../operation/index.ts';
import { keptBody, type KeptBody } from './kept-body.ts';
import type { Outcome } from './outcome.ts';

/** How long it is taken to hold that an operation's answers are not kept, ms; then it is looked at anew. */
const UNKEPT_MS = 10_000;
const MAX_NOTES = 10_000;

export interface ResponseCaching {
  readonly store: CacheStore;
  readonly policies: CachePolicies;
  /** s */
  readonly defaultMaxAge: number;
  lifetimeOf(maxAge: number): Lifetime | undefined;
  metrics(): CacheMetrics;
}

type Variables = Readonly<Record<string, unknown>>;

export interface Answered {
  readonly result: ExecutionResult;
  readonly outcome: Outcome;
}

export interface Hit extends Answered {
  readonly outcome: Extract<Outcome, { kind: 'hit' }>;
}

/** A query that may be answered from the cache as a whole. */
export interface CacheableOperation {
  readonly selection: readonly SelectedField[];
  readonly variables: Variables;
  readonly id: string;
  readonly policy: CachePolicy;
  readonly keptFor: 'all' | 'caller';
  /** The same for all callers. */
  readonly publicId: string;
  /** The same for all variables too. */
  readonly operationKey: string;
}

export interface ResponseCache {
  /** Undefined for what is not kept as a whole. */
  operationOf(
    schema: SchemaCaching,
    profile: OperationProfile,
    variables: Variables,
    caller: Pick<Reading, 'privateKey' | 'varyKey'>,
  ): CacheableOperation | undefined;
  /** What L1 has of it, fresh. */
  peek(operation: CacheableOperation): Hit | undefined;
  /** The same as it is kept. */
  peekEntry(operation: CacheableOperation): CacheEntry | undefined;
  /** From the cache, or executed: by one of all who ask for the same at the same time. */
  answer(
    schema: SchemaCaching,
    operation: CacheableOperation,
    reading: Reading,
    use: CacheUse,
    execute: () => Promise<ExecutionResult>,
  ): Promise<Answered>;
}

/** An execution that gave no answer to keep; the answer is told to who asked for it. */
class NotKept extends Error {
  override readonly name = 'NotKept';
}

interface FetchedResponse extends Fetched {
  readonly body?: KeptBody;
  readonly freshness?: Freshness;
}

const UNSHARED: FetchedResponse = { value: Buffer.alloc(0), tags: [] };

/** Whole responses, by what they answer: never one with an error, and never to someone from whom a part is withheld. */
export function responseCache(caching: ResponseCaching): ResponseCache {
  const { store, policies, defaultMaxAge, lifetimeOf, metrics } = caching;
  /** Of operations whose answers turned out to be for their caller alone, or for nobody else. */
  const notes = new LRUCache<string, 'caller' | 'unkept'>({ max: MAX_NOTES });
  /** Operations about whose answers nobody says anything, whatever their variables. */
  const unsaid = new LRUCache<string, true>({ max: MAX_NOTES, ttl: UNKEPT_MS });

  /** @returns whether what was executed may be kept, and how */
  function freshnessOfReading(policy: CachePolicy, { parts }: Reading): Freshness {
    const until = Math.min(...parts.map((part) => part.until));
    const scope = parts.some((part) => part.scope === 'PRIVATE') ? 'PRIVATE' : 'PUBLIC';
    const saidMaxAge = (until - performance.now()) / 1000;
    const isAllSaid = parts.length > 0 && parts.every(({ isSaid }) => isSaid);
    if (isAllSaid) return freshnessOf(policy, { maxAge: saidMaxAge, scope }, defaultMaxAge);
    const byHints = freshnessOf(policy, undefined, defaultMaxAge);
    return { maxAge: Math.min(byHints.maxAge, saidMaxAge), scope: scope === 'PRIVATE' ? scope : byHints.scope };
  }

  return {
    operationOf(schema, profile, given, { privateKey, varyKey }) {
      const { selection, normalForm, kind, measures, name } = profile;
      // What introspection tells is not the same for all.
      if (kind !== OperationTypeNode.QUERY || !selection || !normalForm || measures.introspection.fields > 0)
        return undefined;
      const policy = policies.ofQuery(selection, given);
      if (!policy || policy.maxAge === 0) return undefined;
      const operationKey = schema.version + normalForm.hash;
      if (policy.hasDefault && defaultMaxAge === 0 && unsaid.has(operationKey)) return undefined;
      const variables = normalForm.canonicalVariables(given);
      if (!variables) return undefined;
      const publicId = hashOf(['response', schema.version, normalForm.hash, variables, name, varyKey]);
      const note = notes.get(publicId);
      if (note === 'unkept') return undefined;
      const operation = { operationKey, publicId, policy, selection, variables: given };
      if (policy.scope === 'PUBLIC' && note !== 'caller') return { ...operation, id: publicId, keptFor: 'all' };
      if (privateKey === undefined) return undefined;
      return { ...operation, id: hashOf([publicId, privateKey]), keptFor: 'caller' };
    },

    peek(operation) {
      const entry = freshIn(store, operation);
      return entry && hitOf(entry, operation.keptFor, 'l1');
    },

    peekEntry: (operation) => freshIn(store, operation),

    async answer(schema, operation, reading, use, execute) {
      const { id, publicId, operationKey, policy, keptFor, selection, variables } = operation;
      let own: ExecutionResult | undefined;

      async function fetch(): Promise<FetchedResponse> {
        const result = await execute();
        own = result;
        if (result.errors?.length) throw new NotKept('The operation ended in errors.');
        const freshness = freshnessOfReading(policy, reading);
        const isOthers = freshness.scope === 'PRIVATE' && keptFor === 'all';
        const lifetime = isOthers ? undefined : lifetimeOf(freshness.maxAge);
        if (!lifetime || !result.data || result.extensions) {
          if (isOthers) notes.set(publicId, 'caller');
          else if (reading.parts.every(({ isSaid }) => !isSaid)) unsaid.set(operationKey, true);
          // What was there in part may be there anew the next time.
          else if (reading.parts.every(({ found }) => found === 0)) notes.set(publicId, 'unkept', { ttl: UNKEPT_MS });
          return UNSHARED;
        }
        const value = Buffer.from(JSON.stringify({ data: result.data }));
        const tags = new Set(schema.tags.ofData(selection, result.data, variables));
        for (const part of reading.parts) for (const tag of part.tags) tags.add(tag);
        return { value, tags: [...tags], lifetime, body: keptBody(value, result.data), freshness };
      }

      function missed(result: ExecutionResult, fetched?: FetchedResponse): Answered {
        const found = reading.parts.reduce((sum, part) => sum + part.found, 0);
        const asked = reading.parts.reduce((sum, part) => sum + part.fetched, 0);
        metrics().asked('l2', 'miss');
        const { body, freshness } = fetched ?? {};
        const stored = body && freshness && { ...freshness, body };
        const outcome: Outcome = { kind: 'miss', found, fetched: asked, stored };
        return { result: body?.result ?? result, outcome };
      }

      if (use === 'refresh') {
        const { snapshot } = await store.read([]);
        const fetched = await fetch().catch(() => UNSHARED);
        const { value, tags, lifetime } = fetched;
        if (lifetime) void store.write(snapshot, [{ id, value, tags, ...lifetime }]);
        return missed(own ?? (await execute()), fetched);
      }

      const served = await store.readThrough(id, fetch).catch(() => undefined);
      if (served?.from === 'cache') {
        const { hit } = served;
        metrics().asked(hit.tier, hit.state === 'fresh' ? 'hit' : 'stale');
        return hitOf(hit.entry, keptFor, hit.tier, hit.state !== 'fresh');
      }
      if (own) return missed(own, served?.fetched);
      const { value, lifetime } = served?.fetched ?? UNSHARED;
      // What could not be kept may have failed for its first caller alone.
      if (!lifetime) return missed(await execute());
      metrics().asked('l1', 'hit');
      const now = performance.now();
      const until = now + lifetime.ttlMs;
      return hitOf(
        { value, tags: [], storedAt: now, freshUntil: until, staleUntil: until, expiredUntil: until },
        keptFor,
        'l1',
      );
    },
  };
}

function freshIn(store: CacheStore, { id }: CacheableOperation): CacheEntry | undefined {
  const hit = store.peek(id);
  return hit?.state === 'fresh' ? hit.entry : undefined;
}

export function scopeOf({ keptFor }: Pick<CacheableOperation, 'keptFor'>): CacheScope {
  return keptFor === 'all' ? 'PUBLIC' : 'PRIVATE';
}

function hitOf(entry: CacheEntry, keptFor: CacheableOperation['keptFor'], tier: 'l1' | 'l2', isStale = false): Hit {
  const body = keptBody(bytesOf(entry.value));
  const scope = scopeOf({ keptFor });
  return { result: body.result, outcome: { kind: 'hit', tier, isStale, entry, scope, body } };
}
