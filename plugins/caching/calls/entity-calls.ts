import { freshnessOf, type Freshness } from '../policy/answer-freshness.ts';
import { textOf, type CacheHit, type NewEntry, type Snapshot } from '../store/index.ts';
import { subgraphTag, type Tag } from '../tags/tag.ts';
import {
  freshnessSaid,
  hasFailed,
  mayKeep,
  type CallAnswer,
  type CallCaching,
  type KeptFor,
  type SubgraphCall,
} from './call-cache.ts';
import { entityBase, entityId } from './call-key.ts';
import { answeredPart } from './reading.ts';
import type { CallPlan, EntitySelection } from './call-plan.ts';
import { answeredAt, isOther, mergedData, relocated, restOf, slotsOf, type Rest, type Slot } from './entity-split.ts';

type EntityPlan = Extract<CallPlan, { kind: 'entities' }>;

/** How entities of one selection are kept in one call. */
interface Keeping {
  readonly keptFor: KeptFor;
  readonly base: string;
}

/** A slot under its id; undefined for what is not kept. */
interface Wanted {
  readonly slot: Slot;
  readonly keeping: Keeping | undefined;
  readonly id: string | undefined;
}

/** What was asked of the subgraph, and what it said. */
interface Asked {
  readonly rest: Rest;
  readonly answer: CallAnswer;
  readonly said: Freshness | undefined;
}

/** Takes from the cache the entities that it has, and asks the subgraph for the rest. */
export function entityCalls(caching: CallCaching): (plan: EntityPlan, call: SubgraphCall) => Promise<CallAnswer> {
  const { store, policies, defaultMaxAge, nullMaxAge, lifetimeOf, metrics, onRefreshFailed } = caching;
  const refreshing = new Set<string>();

  function keepingOf(selected: EntitySelection, call: SubgraphCall): Keeping | undefined {
    const { variables, reading } = call;
    const policy = policies.ofEntity(selected.type, selected.selection, variables);
    const keptFor = mayKeep(policy, selected.said, caching, reading);
    if (keptFor === undefined) return undefined;
    return { keptFor, base: entityBase(call, selected, keptFor === 'caller' ? reading.privateKey : undefined) };
  }

  function wantedBy(slots: readonly Slot[], call: SubgraphCall): readonly Wanted[] {
    const keepings = new Map<EntitySelection, Keeping | undefined>();
    return slots.map((slot) => {
      const { selected, representation } = slot;
      if (selected && !keepings.has(selected)) keepings.set(selected, keepingOf(selected, call));
      const keeping = selected && keepings.get(selected);
      return { slot, keeping, id: keeping && entityId(keeping.base, representation) };
    });
  }

  async function ask(plan: EntityPlan, call: SubgraphCall, missing: readonly Wanted[]): Promise<Asked> {
    const slots = missing.map(({ slot }) => slot);
    const rest = restOf(plan.fields, slots, call.variables);
    const answer = await call.send(rest.variables);
    const said = freshnessSaid(
      caching,
      answer,
      slots.flatMap(({ selected }) => selected?.said ?? []),
    );
    return { rest, answer, said };
  }

  function tagsOf({ selected, representation }: Slot, call: SubgraphCall, entity: Entity): readonly Tag[] {
    const own = subgraphTag(call.subgraph);
    if (!selected) return [own];
    const { type, selection } = selected;
    return [own, ...call.schema.tags.ofEntity(type, selection, entity ?? undefined, representation, call.variables)];
  }

  /** How long an entity that was answered is kept; undefined: not at all. */
  function lifetimeFor({ slot, keeping }: Wanted, { variables }: SubgraphCall, entity: Entity, said: Asked['said']) {
    if (!slot.selected || !keeping || entity === undefined) return undefined;
    const policy = policies.ofEntity(slot.selected.type, slot.selected.selection, variables);
    const { maxAge, scope } = freshnessOf(policy, said, defaultMaxAge);
    // What was taken for everybody's is not.
    if (scope === 'PRIVATE' && keeping.keptFor === 'all') return undefined;
    return lifetimeOf(entity === null ? Math.min(maxAge, nullMaxAge) : maxAge);
  }

  /** What is to be stored of an answer. To be made before the answer is used, since whoever uses it may change it. */
  function entriesOf(call: SubgraphCall, missing: readonly Wanted[], asked: Asked): readonly NewEntry[] {
    const { rest, answer, said } = asked;
    const { errors = [], data } = answer;
    // An error that names no entity may be about any, and a subgraph that mixes entities up is not believed in any.
    if (errors.some(({ path }) => typeof path?.[1] !== 'number')) return [];
    const entities = missing.map(({ slot }) => answeredAt(slot, rest, data));
    if (missing.some(({ slot }, i) => isOther(slot, entities[i]))) return [];
    const broken = new Set(errors.map(({ path = [] }) => `${path[0]} ${path[1]}`));
    return missing.flatMap((one, i): readonly NewEntry[] => {
      const lifetime = lifetimeFor(one, call, entities[i], said);
      const { id, slot } = one;
      if (!lifetime || id === undefined || broken.has(`${slot.field.answerKey} ${rest.positionOf(slot)}`)) return [];
      const value = JSON.stringify(entities[i]);
      return [{ id, value, tags: tagsOf(slot, call, entities[i]), ...lifetime }];
    });
  }

  async function refresh(
    plan: EntityPlan,
    call: SubgraphCall,
    snapshot: Snapshot,
    stale: readonly Wanted[],
  ): Promise<void> {
    const due = stale.filter(({ id }) => id !== undefined && !refreshing.has(id));
    if (due.length === 0) return;
    for (const { id } of due) if (id !== undefined) refreshing.add(id);
    try {
      const asked = await ask(plan, call, due);
      await store.write(snapshot, entriesOf(call, due, asked));
    } catch (error) {
      onRefreshFailed(error);
    } finally {
      for (const { id } of due) if (id !== undefined) refreshing.delete(id);
    }
  }

  /** What the answer to the client depends on. */
  function note(
    call: SubgraphCall,
    wanted: readonly Wanted[],
    served: readonly (CacheHit | undefined)[],
    asked: Asked | undefined,
  ): void {
    const { reading } = call;
    const now = performance.now();
    const said = asked?.said;
    let until = said ? now + said.maxAge * 1000 : Infinity;
    let scope = said?.scope ?? 'PUBLIC';
    let found = 0;
    for (const [i, hit] of served.entries()) {
      if (hit === undefined) continue;
      found++;
      until = Math.min(until, now + hit.freshForMs);
      if (wanted[i]?.keeping?.keptFor === 'caller') scope = 'PRIVATE';
    }
    const tagsAt = ({ slot }: Wanted, i: number): readonly Tag[] =>
      served[i]?.tags ?? tagsOf(slot, call, asked && answeredAt(slot, asked.rest, asked.answer.data));
    reading.parts.push({
      until,
      scope,
      isSaid: asked === undefined || said !== undefined,
      tags: reading.needsTags ? wanted.flatMap(tagsAt) : [],
      found,
      fetched: wanted.length - found,
    });
  }

  /** A call of which nothing is kept. */
  async function sendWhole(call: SubgraphCall, wanted: readonly Wanted[]): Promise<CallAnswer> {
    const { reading } = call;
    const answer = await call.send(call.variables);
    const said = freshnessSaid(
      caching,
      answer,
      wanted.flatMap(({ slot }) => slot.selected?.said ?? []),
    );
    metrics().asked('entity', 'bypass', wanted.length);
    reading.parts.push(
      answeredPart(
        said,
        reading.needsTags ? wanted.flatMap(({ slot }) => tagsOf(slot, call, entityAt(slot, answer))) : [],
        wanted.length,
      ),
    );
    return answer;
  }

  return async (plan, call) => {
    const { reading } = call;
    const slots = slotsOf(plan, call.variables);
    const wanted = wantedBy(slots, call);
    const ids = wanted.flatMap(({ id }) => id ?? []);
    if (ids.length === 0) return sendWhole(call, wanted);
    const read = await store.read(reading.use === 'use' ? ids : []);
    const hits = wanted.map(({ id }) => (id === undefined ? undefined : read.hits.get(id)));
    const missing = wanted.filter((_, i) => !isServable(hits[i]));
    const stale = wanted.filter((_, i) => hits[i] !== undefined && hits[i].state === 'stale');
    count(wanted.length - missing.length - stale.length, stale.length, ids.length, wanted.length);
    if (stale.length > 0) void refresh(plan, call, read.snapshot, stale);

    const asked = missing.length > 0 ? await ask(plan, call, missing) : undefined;
    if (asked) {
      const entries = entriesOf(call, missing, asked);
      if (entries.length > 0) void store.write(read.snapshot, entries);
    }
    const failed = asked !== undefined && hasFailed(asked.answer);
    const served = failed ? hits : hits.map((hit) => (isServable(hit) ? hit : undefined));
    note(call, wanted, served, asked);
    const found = served.reduce((sum, hit) => (hit === undefined ? sum : sum + 1), 0);
    if (asked && found < wanted.length && (found === 0 || !isUsable(plan, asked, failed))) return asked.answer;
    const kept = parsed(served);
    const entities = wanted.map(({ slot }, i) =>
      served[i] === undefined ? asked && answeredAt(slot, asked.rest, asked.answer.data) : kept[i],
    );
    const data = mergedData(plan.fields, slots, entities);
    const { errors } = asked === undefined ? NO_ERRORS : asked.answer;
    return asked && errors && found < wanted.length
      ? { data, errors: relocated(errors, plan.fields, asked.rest) }
      : { data };
  };

  function count(hits: number, stale: number, kept: number, all: number): void {
    if (hits > 0) metrics().asked('entity', 'hit', hits);
    if (stale > 0) metrics().asked('entity', 'stale', stale);
    if (kept > hits + stale) metrics().asked('entity', 'miss', kept - hits - stale);
    if (all > kept) metrics().asked('entity', 'bypass', all - kept);
  }
}

type Entity = ReturnType<typeof answeredAt>;

/** In the answer to the whole call. */
function entityAt({ field, index }: Slot, { data }: CallAnswer): Entity {
  const entities = (data as Readonly<Record<string, unknown>> | null | undefined)?.[field.answerKey];
  return Array.isArray(entities) ? (entities[index] as Entity) : undefined;
}

const NO_ERRORS: CallAnswer = {};

function isServable(hit: CacheHit | undefined): boolean {
  return hit !== undefined && hit.state !== 'expired';
}

/** All at once, which costs a fraction of parsing each. */
function parsed(hits: readonly (CacheHit | undefined)[]): readonly unknown[] {
  const texts = hits.map((hit) => (hit === undefined ? 'null' : textOf(hit.value)));
  return JSON.parse(`[${texts.join(',')}]`) as readonly unknown[];
}

/** Whether an answer has as many entities as it was asked for; one that failed as a whole needs none. */
function isUsable({ fields }: EntityPlan, { rest, answer }: Asked, failed: boolean): boolean {
  if (failed) return true;
  const data = (answer.data ?? {}) as Readonly<Record<string, unknown>>;
  return fields.every(({ answerKey, variable }) => {
    const entities = data[answerKey];
    return Array.isArray(entities) && entities.length === (rest.variables[variable] as readonly unknown[]).length;
  });
}
