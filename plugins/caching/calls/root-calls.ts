import { freshnessOf, type Freshness } from '../policy/answer-freshness.ts';
import { textOf, type CacheHit, type Fetched } from '../store/index.ts';
import { entitiesIn } from '../tags/entities-in.ts';
import { isValues } from '../tags/objects.ts';
import { subgraphTag, type Tag } from '../tags/tag.ts';
import {
  freshnessSaid,
  hasFailed,
  mayKeep,
  type CallAnswer,
  type CallCaching,
  type SubgraphCall,
} from './call-cache.ts';
import { rootId } from './call-key.ts';
import { answeredPart } from './reading.ts';
import type { CallPlan } from './call-plan.ts';

type RootPlan = Extract<CallPlan, { kind: 'root' }>;

interface Sent {
  readonly answer: CallAnswer;
  readonly said: Freshness | undefined;
}

/** Nothing of the answer is kept, or can serve anyone else. */
const UNSHARED: Fetched = { value: '', tags: [] };

class CallFailed extends Error {
  override readonly name = 'CallFailed';
}

/** Takes the answer to a query of root fields from the cache, if it has it as a whole. */
export function rootCalls(caching: CallCaching): (plan: RootPlan, call: SubgraphCall) => Promise<CallAnswer> {
  const { store, policies, defaultMaxAge, lifetimeOf, metrics } = caching;

  function tagsOf(
    { selection }: RootPlan,
    { schema, subgraph, variables }: SubgraphCall,
    data: unknown,
  ): readonly Tag[] {
    const own = subgraphTag(subgraph);
    return isValues(data) ? [own, ...schema.tags.ofData(selection, data, variables)] : [own];
  }

  function noteAnswer(plan: RootPlan, call: SubgraphCall, answer: CallAnswer, said: Freshness | undefined): void {
    const { reading } = call;
    reading.parts.push(answeredPart(said, reading.needsTags ? tagsOf(plan, call, answer.data) : [], 1));
  }

  function noteHit(
    { reading }: SubgraphCall,
    { freshForMs, tags }: Pick<CacheHit, 'freshForMs' | 'tags'>,
    isPrivate: boolean,
  ): void {
    const until = performance.now() + freshForMs;
    reading.parts.push({ until, scope: isPrivate ? 'PRIVATE' : 'PUBLIC', isSaid: true, tags, found: 1, fetched: 0 });
  }

  async function send(plan: RootPlan, call: SubgraphCall): Promise<Sent> {
    const answer = await call.send(call.variables);
    return { answer, said: freshnessSaid(caching, answer, [plan.said]) };
  }

  return async (plan, call) => {
    const { reading, variables } = call;
    const policy = policies.ofQuery(plan.selection, variables);
    const keptFor = policy && mayKeep(policy, plan.said, caching, reading);
    if (!policy || !keptFor) {
      const answer = await call.send(variables);
      metrics().asked('entity', 'bypass');
      noteAnswer(plan, call, answer, freshnessSaid(caching, answer, [plan.said]));
      return answer;
    }
    const id = rootId(call, plan.text, keptFor === 'caller' ? reading.privateKey : undefined);
    let own: Sent | undefined;

    /** As it is to be stored; its own answer is kept apart, since whoever uses it may change it. */
    async function fetch(): Promise<Fetched> {
      const sent = await send(plan, call);
      const { answer, said } = sent;
      own = sent;
      if (hasFailed(answer)) throw new CallFailed(`The subgraph "${call.subgraph}" could not answer.`);
      if (!policy || (answer.errors?.length ?? 0) > 0 || !isValues(answer.data)) return UNSHARED;
      const { maxAge, scope } = freshnessOf(policy, said, defaultMaxAge);
      const lifetime = scope === 'PRIVATE' && keptFor === 'all' ? undefined : lifetimeOf(maxAge);
      if (!lifetime) return UNSHARED;
      return { value: JSON.stringify(answer.data), tags: tagsOf(plan, call, answer.data), lifetime };
    }

    async function sendAlone(): Promise<CallAnswer> {
      const { answer, said } = own ?? (await send(plan, call));
      metrics().asked('entity', 'miss');
      noteAnswer(plan, call, answer, said);
      return answer;
    }

    if (reading.use === 'refresh') {
      const { snapshot } = await store.read([]);
      const { lifetime, ...fetched } = await fetch().catch(() => UNSHARED);
      if (lifetime) void store.write(snapshot, [{ id, ...fetched, ...lifetime }]);
      return sendAlone();
    }
    const served = await store.readThrough(id, fetch).catch(() => undefined);
    if (!served || (served.from === 'fetch' && !served.fetched.lifetime)) return sendAlone();
    if (served.from === 'fetch') {
      if (own) return sendAlone();
      // Somebody else's fetch, of a moment ago.
      metrics().asked('entity', 'hit');
      const { value, tags, lifetime } = served.fetched;
      noteHit(call, { freshForMs: lifetime?.ttlMs ?? 0, tags }, keptFor === 'caller');
      return { data: JSON.parse(textOf(value)) };
    }
    metrics().asked('entity', served.hit.state === 'fresh' ? 'hit' : 'stale');
    noteHit(call, served.hit, keptFor === 'caller');
    return { data: JSON.parse(textOf(served.hit.value)) };
  };
}

/** Sends a mutation, and notes the entities that it answers with: it may have changed them. */
export async function sendMutation(plan: CallPlan, call: SubgraphCall): Promise<CallAnswer> {
  const answer = await call.send(call.variables);
  if (plan.kind === 'root' && isValues(answer.data)) {
    const { supergraph, keysOf } = call.schema;
    call.reading.changed.push(...entitiesIn(supergraph, keysOf, plan.selection, answer.data));
  }
  return answer;
}
