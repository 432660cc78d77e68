import { freshnessOf, type Freshness } from '../policy/answer-freshness.ts';
import type { CacheHit, NewEntry, Snapshot } from '../store/index.ts';
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
      const value = Buffer.from(JSON.stringify(entities[i]));
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
  function note(call: SubgraphCall, wanted: readonly Wanted[], found: Found, asked: Asked | undefined): void {
    const { reading } = call;
    const now = performance.now();
    const hits = wanted.flatMap((one) => found.servedIn(one) ?? []);
    const untilOfHits = hits.map(({ freshForMs }) => now + freshForMs);
    const said = asked?.said;
    const isPrivate = wanted.some((one) => one.keeping?.keptFor === 'caller' && found.servedIn(one));
    const tags = (one: Wanted): readonly Tag[] =>
      found.servedIn(one)?.tags ?? tagsOf(one.slot, call, asked && answeredAt(one.slot, asked.rest, asked.answer.data));
    reading.parts.push({
      until: Math.min(...untilOfHits, said ? now + said.maxAge * 1000 : Infinity),
      scope: isPrivate || said?.scope === 'PRIVATE' ? 'PRIVATE' : 'PUBLIC',
      isSaid: asked === undefined || said !== undefined,
      tags: reading.needsTags ? wanted.flatMap(tags) : [],
      found: hits.length,
      fetched: wanted.length - hits.length,
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
    reading.parts.push({
      until: said ? performance.now() + said.maxAge * 1000 : Infinity,
      scope: said?.scope ?? 'PUBLIC',
      isSaid: said !== undefined,
      tags: reading.needsTags ? wanted.flatMap(({ slot }) => tagsOf(slot, call, entityAt(slot, answer))) : [],
      found: 0,
      fetched: wanted.length,
    });
    return answer;
  }

  return async (plan, call) => {
    const { reading } = call;
    const slots = slotsOf(plan, call.variables);
    const wanted = wantedBy(slots, call);
    const ids = wanted.flatMap(({ id }) => id ?? []);
    if (ids.length === 0) return sendWhole(call, wanted);
    const read = await store.read(reading.use === 'use' ? ids : []);
    const hitOf = ({ id }: Wanted): CacheHit | undefined => (id === undefined ? undefined : read.hits.get(id));
    const isServable = (one: Wanted): boolean => hitOf(one) !== undefined && hitOf(one)?.state !== 'expired';
    const missing = wanted.filter((one) => !isServable(one));
    const stale = wanted.filter((one) => hitOf(one)?.state === 'stale');
    count(wanted.length - missing.length - stale.length, stale.length, ids.length, wanted.length);
    if (stale.length > 0) void refresh(plan, call, read.snapshot, stale);

    const asked = missing.length > 0 ? await ask(plan, call, missing) : undefined;
    if (asked) {
      const entries = entriesOf(call, missing, asked);
      if (entries.length > 0) void store.write(read.snapshot, entries);
    }
    const failed = asked !== undefined && hasFailed(asked.answer);
    const found: Found = { servedIn: (one) => (isServable(one) || failed ? hitOf(one) : undefined) };
    note(call, wanted, found, asked);
    const isAllFound = wanted.every((one) => found.servedIn(one));
    if (asked && !isAllFound && (wanted.every((one) => !found.servedIn(one)) || !isUsable(plan, asked, failed))) {
      return asked.answer;
    }
    const bySlot = new Map(wanted.map((one) => [one.slot, one]));
    const data = mergedData(plan.fields, slots, (slot) => {
      const one = bySlot.get(slot);
      const hit = one && found.servedIn(one);
      if (hit) return JSON.parse(hit.value.toString()) as unknown;
      return asked && answeredAt(slot, asked.rest, asked.answer.data);
    });
    const { errors } = asked?.answer ?? {};
    return asked && errors && !isAllFound ? { data, errors: relocated(errors, plan.fields, asked.rest) } : { data };
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

interface Found {
  /** What of the cache is answered in the place of a slot. */
  servedIn(one: Wanted): CacheHit | undefined;
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
