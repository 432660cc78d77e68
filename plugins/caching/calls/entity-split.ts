import type { CallPlan, EntityField, EntitySelection } from './call-plan.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** One entity of a call: in which field it is asked for, and by which representation. */
export interface Slot {
  readonly field: EntityField;
  readonly index: number;
  readonly representation: JsonObject;
  /** Undefined for a type that nobody knows. */
  readonly selected: EntitySelection | undefined;
}

export interface LocatedError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: object | undefined;
}

/** Each entity that a call asks for, in its order. */
export function slotsOf({ fields }: Extract<CallPlan, { kind: 'entities' }>, variables: JsonObject): readonly Slot[] {
  return fields.flatMap((field) => {
    const representations = (variables[field.variable] ?? []) as readonly JsonObject[];
    return representations.map((representation, index): Slot => {
      const { __typename: typeName } = representation;
      const selected = typeof typeName === 'string' ? field.selectedOn(typeName) : undefined;
      return { field, index, representation, selected };
    });
  });
}

/** What is left of a call to be sent. */
export interface Rest {
  readonly variables: JsonObject;
  /** Where a slot's entity stands in the answer to it; undefined for one that is not asked for. */
  positionOf(slot: Slot): number | undefined;
  /** Where what stands there has its place in the whole call. */
  placeOf(field: EntityField, position: number): number | undefined;
}

/** The call without the representations that no missing slot needs; of a field with none, an empty list is asked for. */
export function restOf(fields: readonly EntityField[], missing: readonly Slot[], variables: JsonObject): Rest {
  const needed = new Map(fields.map(({ variable }) => [variable, new Set<number>()]));
  for (const { field, index } of missing) needed.get(field.variable)?.add(index);
  const places = new Map<string, readonly number[]>();
  const positions = new Map<string, ReadonlyMap<number, number>>();
  const rest: Record<string, unknown> = { ...variables };
  for (const [variable, indexes] of needed) {
    const sorted = [...indexes].toSorted((one, other) => one - other);
    const all = (variables[variable] ?? []) as readonly JsonObject[];
    places.set(variable, sorted);
    positions.set(variable, new Map(sorted.map((place, position) => [place, position])));
    rest[variable] = sorted.map((index) => all[index]);
  }
  return {
    variables: rest,
    positionOf: ({ field, index }) => positions.get(field.variable)?.get(index),
    placeOf: ({ variable }, position) => places.get(variable)?.[position],
  };
}

/** What the answer to the rest has for a slot; undefined for nothing that can be used. */
export function answeredAt(slot: Slot, rest: Rest, data: unknown): JsonObject | null | undefined {
  const entities = (data as JsonObject | null | undefined)?.[slot.field.answerKey];
  const position = rest.positionOf(slot);
  if (!Array.isArray(entities) || position === undefined) return undefined;
  const entity: unknown = entities[position];
  return entity === null || (typeof entity === 'object' && !Array.isArray(entity)) ? (entity as JsonObject) : undefined;
}

/** Whether an entity is, by what was told of it, another than was asked for. */
export function isOther({ representation }: Slot, entity: JsonObject | null | undefined): boolean {
  for (const name in entity) {
    const [told, given] = [representation[name], entity[name]];
    if (name !== '__typename' && isScalar(told) && isScalar(given) && String(told) !== String(given)) return true;
  }
  return false;
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Errors about the rest, at the places that its entities have in the whole call. */
export function relocated(
  errors: readonly LocatedError[],
  fields: readonly EntityField[],
  rest: Rest,
): readonly LocatedError[] {
  return errors.map((error) => {
    const [answerKey, index, ...within] = error.path ?? [];
    const field = fields.find((one) => one.answerKey === answerKey);
    const place = field && typeof index === 'number' ? rest.placeOf(field, index) : undefined;
    if (!field || place === undefined) return error;
    const { message, extensions } = error;
    return { message, extensions, path: [field.answerKey, place, ...within] };
  });
}

/** The data of the whole call, of what each slot has. */
export function mergedData(
  fields: readonly EntityField[],
  slots: readonly Slot[],
  entities: readonly unknown[],
): JsonObject {
  const data: Record<string, unknown[]> = Object.fromEntries(fields.map(({ answerKey }) => [answerKey, []]));
  for (const [i, { field }] of slots.entries()) data[field.answerKey]?.push(entities[i] ?? null);
  return data;
}
