import {
  isAbstractType,
  isObjectType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { SelectedField } from '../../operation/index.ts';
import type { KeyPart } from './entity-keys.ts';

export type Values = Readonly<Record<string, unknown>>;

/** An object as it was answered, and what else is known of it by the names of its fields. */
export interface KnownObject {
  readonly fields: readonly SelectedField[];
  readonly object: Values;
  readonly known: Values;
}

export const NOTHING_KNOWN: Values = Object.freeze({});

export function possibleTypes(schema: GraphQLSchema, type: GraphQLCompositeType): readonly GraphQLObjectType[] {
  if (isAbstractType(type)) return schema.getPossibleTypes(type);
  return isObjectType(type) ? [type] : [];
}

/** The types that an object may be of, by its `__typename` where somebody asked for it. */
export function typesOf(
  possible: readonly GraphQLObjectType[],
  { fields, object, known }: KnownObject,
): readonly GraphQLObjectType[] {
  if (possible.length === 1) return possible;
  const told = fields.find(({ name }) => name === '__typename');
  const name = (told && object[told.responseKey]) ?? known['__typename'];
  const named = possible.filter((type) => type.name === name);
  return named.length > 0 ? named : possible;
}

/** The value of a key; undefined where a part is not known. */
export function keyValue(parts: readonly KeyPart[], of: KnownObject): Values | undefined {
  const value: Record<string, unknown> = {};
  for (const { name, within } of parts) {
    const given = fieldOf(of, name);
    const own = within && isKnownObject(given) ? keyValue(within, given) : given;
    if (own === undefined || own === null) return undefined;
    value[name] = own;
  }
  return value;
}

/** What stands at a path of fields; undefined where it is not known. */
export function leafAt(of: KnownObject, [name = '', ...rest]: readonly string[]): unknown {
  const given = fieldOf(of, name);
  if (rest.length === 0) return given;
  return isKnownObject(given) ? leafAt(given, rest) : undefined;
}

/** A leaf's value, or an object. */
function fieldOf({ fields, object, known }: KnownObject, name: string): unknown {
  const field = fields.find((one) => one.name === name && one.arguments.length === 0);
  const answered = field && object[field.responseKey];
  if (isValues(answered)) return { fields: field?.selections ?? [], object: answered, known: NOTHING_KNOWN };
  if (answered !== undefined) return answered;
  const given = known[name];
  return isValues(given) ? { fields: [], object: NOTHING_KNOWN, known: given } : given;
}

function isKnownObject(value: unknown): value is KnownObject {
  return isValues(value) && 'known' in value && 'fields' in value;
}

export function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
