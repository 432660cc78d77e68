import { amountFor, most, type Amounts } from './amounts.ts';
import { valueFor, type Quantity, type Variables } from './by-variables.ts';
import type { Alternative, CostPlan, Place, PlannedField } from './plan.ts';

type Values = Readonly<Record<string, unknown>>;

/** What there is, if it is as one alternative or another has it. */
interface Counted {
  readonly amounts: Amounts;
  /** Whether no list is longer than it would be expected to be. */
  readonly keepsSizes: boolean;
}

/**
 * What an operation has cost, by the response: objects and leaves that are there, and fields that were resolved, also to
 * null. An object is of the types that its keys, and `__typename` where the client asks for it, allow, and the sizes of
 * its lists; where these are several that cost differently, it costs what the most expensive of them does.
 */
export function actualAmounts({ root, subgraphs }: CostPlan, data: Values, variables: Variables): Amounts {
  const owns = new Map<PlannedField, number>();
  const limits = new Map<PlannedField, number>();
  /** What is counted for several alternatives of an object around it is counted once for all. */
  const shared = new Map<Values, Map<Place, Counted>>();

  function none(): number[] {
    return [...amountFor([], 0, subgraphs.length)];
  }

  function countObject(place: Place, object: Values, isShared: boolean, into: number[]): boolean {
    const possible = possibleAt(place, object);
    const [only] = possible;
    if (only && possible.length === 1 && !isShared) return countAlternative(only, place, object, false, into);
    const places = shared.get(object) ?? new Map<Place, Counted>();
    const { amounts, keepsSizes } = places.get(place) ?? mostOf(possible.map((one) => counted(one, place, object)));
    shared.set(object, places.set(place, { amounts, keepsSizes }));
    for (const [at, amount] of amounts.entries()) into[at] = (into[at] ?? 0) + amount;
    return keepsSizes;
  }

  function counted(alternative: Alternative, place: Place, object: Values): Counted {
    const amounts = none();
    const keepsSizes = countAlternative(alternative, place, object, true, amounts);
    return { amounts, keepsSizes };
  }

  function countAlternative(
    { weight, fields }: Alternative,
    { owners }: Place,
    object: Values,
    isShared: boolean,
    into: number[],
  ): boolean {
    let keepsSizes = true;
    count(owners, weight, into);
    for (const field of fields) {
      const value = Object.hasOwn(object, field.responseKey) ? object[field.responseKey] : undefined;
      if (value === undefined) continue;
      count(field.owners, remembered(owns, field, field.own), into);
      if (field.gives !== 0 && !countValue(field, value, isShared, into)) keepsSizes = false;
    }
    return keepsSizes;
  }

  function countValue(field: PlannedField, value: unknown, isShared: boolean, into: number[]): boolean {
    const { cost, owners, items, gives } = field;
    const all = cost.lists === 0 ? [value] : [value].flat(cost.lists);
    let keepsSizes = value === null || all.length <= remembered(limits, field, items);
    for (const item of all) {
      if (item === null) continue;
      if (typeof gives === 'number') count(owners, gives, into);
      else if (typeof item === 'object' && !countObject(gives, item as Values, isShared, into)) keepsSizes = false;
    }
    return keepsSizes;
  }

  function remembered(known: Map<PlannedField, number>, field: PlannedField, quantity: Quantity): number {
    if (typeof quantity === 'number') return quantity;
    const value = known.get(field) ?? valueFor(quantity, variables);
    known.set(field, value);
    return value;
  }

  const amounts = none();
  countObject(root, data, false, amounts);
  return amounts;
}

/** What may not be is left out: a list that is too long for one type shows that the object is of another. */
function mostOf(all: readonly Counted[]): Counted {
  const keeping = all.filter(({ keepsSizes }) => keepsSizes);
  const possible = keeping.length > 0 ? keeping : all;
  return { amounts: most(possible.map(({ amounts }) => amounts)), keepsSizes: keeping.length > 0 };
}

/** `value` is not negative. */
function count(owners: readonly number[], value: number, into: number[]): void {
  if (value === 0) return;
  into[0] = (into[0] ?? 0) + value;
  for (const owner of owners) into[owner + 1] = (into[owner + 1] ?? 0) + value;
}

function possibleAt({ alternatives }: Place, object: Values): readonly Alternative[] {
  if (alternatives.length === 1) return alternatives;
  const fitting = alternatives.filter((alternative) => fits(alternative, object));
  return fitting.length > 0 ? fitting : alternatives;
}

function fits({ types, responseKeys, typenames }: Alternative, object: Values): boolean {
  if (Object.keys(object).length !== responseKeys.length) return false;
  if (!responseKeys.every((key) => Object.hasOwn(object, key))) return false;
  return typenames.every((key) => typeof object[key] === 'string' && types.has(object[key]));
}
