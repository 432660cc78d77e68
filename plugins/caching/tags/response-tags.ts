import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  valueFromASTUntyped,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import type { SelectedField } from '../../operation/index.ts';
import type { EntityKeys, KeyPart } from './entity-keys.ts';
import { entityTag, namedTag, typeTag, unkeyedTag, UNNAMED, type Tag } from './tag.ts';

type Values = Readonly<Record<string, unknown>>;

/** More of one response are not told apart: it then has the tags of its types alone. */
const MAX_TAGS = 2_000;

/**
 * What a response consists of, for those who invalidate: each object's type; each entity by all of its keys, or as one
 * whose key is not known where the client has not asked for it; and what `@cacheTag` names it.
 */
export function responseTags(
  schema: GraphQLSchema,
  keysOf: EntityKeys,
  selection: readonly SelectedField[],
  data: Values,
): readonly Tag[] {
  const tags = new Set<Tag>();
  const types = new Set<GraphQLObjectType>();

  function visitObject(possible: readonly GraphQLObjectType[], fields: readonly SelectedField[], object: Values): void {
    const chosen = typesOf(possible, fields, object);
    for (const type of chosen) {
      types.add(type);
      if (tags.size > MAX_TAGS) continue;
      for (const { parts, fields: names } of keysOf(type.name)) {
        const value = chosen.length === 1 ? keyValue(parts, fields, object) : undefined;
        tags.add(value ? entityTag(type.name, value) : unkeyedTag(type.name, names));
      }
      for (const format of cacheTagsOf(type)) tags.add(filled(format, fields, object) ?? UNNAMED);
    }
    for (const field of fields) {
      if (Object.hasOwn(object, field.responseKey)) visitValue(field, field.definition.type, object[field.responseKey]);
    }
  }

  function visitValue(field: SelectedField, type: GraphQLOutputType, value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) visitValue(field, type, item);
    } else if (isValues(value)) {
      const named = getNamedType(type);
      if (isCompositeType(named)) visitObject(possibleTypes(schema, named), field.selections, value);
    }
  }

  for (const field of selection) visitValue(field, field.definition.type, data[field.responseKey]);
  if (tags.size > MAX_TAGS) tags.clear();
  const isCollapsed = tags.size === 0;
  for (const type of types) {
    tags.add(typeTag(type.name));
    if (!isCollapsed) continue;
    for (const { fields } of keysOf(type.name)) tags.add(unkeyedTag(type.name, fields));
    if (cacheTagsOf(type).length > 0) tags.add(UNNAMED);
  }
  return [...tags];
}

/** The types that an object may be of, by its `__typename` where the client asked for it. */
function typesOf(
  possible: readonly GraphQLObjectType[],
  fields: readonly SelectedField[],
  object: Values,
): readonly GraphQLObjectType[] {
  if (possible.length === 1) return possible;
  const told = fields.find(({ name }) => name === '__typename');
  const name = told && object[told.responseKey];
  return typeof name === 'string' ? possible.filter((type) => type.name === name) : possible;
}

/** Undefined where a part was not asked for. */
function keyValue(parts: readonly KeyPart[], fields: readonly SelectedField[], object: Values): Values | undefined {
  const value: Record<string, unknown> = {};
  for (const { name, within } of parts) {
    const field = fields.find((one) => one.name === name && one.arguments.length === 0);
    const given = field && object[field.responseKey];
    if (!field || given === undefined || given === null) return undefined;
    const own = within && isValues(given) ? keyValue(within, field.selections, given) : given;
    if (own === undefined) return undefined;
    value[name] = own;
  }
  return value;
}

function possibleTypes(schema: GraphQLSchema, type: ReturnType<typeof getNamedType>): readonly GraphQLObjectType[] {
  if (isAbstractType(type)) return schema.getPossibleTypes(type);
  return isObjectType(type) ? [type] : [];
}

const formats = new WeakMap<GraphQLObjectType, readonly string[]>();
const DIRECTIVE = /(?:^|__)cacheTag$/;

function cacheTagsOf(type: GraphQLObjectType): readonly string[] {
  const known = formats.get(type) ?? readFormats(type);
  formats.set(type, known);
  return known;
}

function readFormats({ astNode }: GraphQLObjectType): readonly string[] {
  return (astNode?.directives ?? []).flatMap(({ name, arguments: args = [] }) => {
    const format = DIRECTIVE.test(name.value) ? args.find((one) => one.name.value === 'format')?.value : undefined;
    const text: unknown = format && valueFromASTUntyped(format);
    return typeof text === 'string' ? [text] : [];
  });
}

const PLACEHOLDER = /\{\$key\.([\w.]+)\}/g;

/** The tag of an object; undefined where a part of it was not asked for. */
function filled(format: string, fields: readonly SelectedField[], object: Values): Tag | undefined {
  let isWhole = true;
  const text = format.replace(PLACEHOLDER, (_, path: string) => {
    const value = valueAt(path.split('.'), fields, object);
    if (value === undefined) isWhole = false;
    return String(value);
  });
  return isWhole ? namedTag(text) : undefined;
}

function valueAt([name, ...rest]: readonly string[], fields: readonly SelectedField[], object: Values): unknown {
  const field = fields.find((one) => one.name === name && one.arguments.length === 0);
  const value = field && object[field.responseKey];
  if (rest.length === 0) return typeof value === 'string' || typeof value === 'number' ? value : undefined;
  return field && isValues(value) ? valueAt(rest, field.selections, value) : undefined;
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
