import {
  getArgumentValues,
  getNamedType,
  isCompositeType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import type { SelectedField } from '../../operation/index.ts';
import { cacheTagsOf, filled } from './cache-tag.ts';
import type { EntityKeys } from './entity-keys.ts';
import {
  isValues,
  keyValue,
  leafAt,
  NOTHING_KNOWN,
  possibleTypes,
  typesOf,
  type KnownObject,
  type Values,
} from './objects.ts';
import { entityTag, namedTag, typeTag, unkeyedTag, UNNAMED, type Tag } from './tag.ts';

/** More of one response are not told apart: it then has the tags of its types alone. */
const MAX_TAGS = 2_000;

export interface ResponseTags {
  /**
   * What a response consists of, for those who invalidate: each object's type; each entity by all of its keys, or as one
   * whose key is not known where nobody has asked for it; and what `@cacheTag` names it. Where there is nothing, what
   * could be there.
   */
  ofData(selection: readonly SelectedField[], data: Values, variables: Values): readonly Tag[];
  /** The same of an entity as a subgraph gives it; undefined: it has none. `representation`: what it was asked for by. */
  ofEntity(
    type: GraphQLCompositeType,
    selection: readonly SelectedField[],
    entity: Values | undefined,
    representation: Values,
    variables: Values,
  ): readonly Tag[];
}

export function responseTags(schema: GraphQLSchema, keysOf: EntityKeys): ResponseTags {
  return {
    ofData(selection, data, variables) {
      const found = collector(schema, keysOf, variables);
      found.visitFields(selection, data);
      return found.tags();
    },
    ofEntity(type, selection, entity, representation, variables) {
      const found = collector(schema, keysOf, variables);
      found.visitObject(possibleTypes(schema, type), {
        fields: selection,
        object: entity ?? NOTHING_KNOWN,
        known: representation,
      });
      return found.tags();
    },
  };
}

interface Collector {
  visitFields(fields: readonly SelectedField[], object: Values): void;
  visitObject(possible: readonly GraphQLObjectType[], found: KnownObject): void;
  tags(): readonly Tag[];
}

function collector(schema: GraphQLSchema, keysOf: EntityKeys, variables: Values): Collector {
  const tags = new Set<Tag>();
  const types = new Set<GraphQLObjectType>();
  /** Of these there is an object whose keys and names nobody knows, or none. */
  const unknown = new Set<GraphQLObjectType>();

  function visitObject(possible: readonly GraphQLObjectType[], found: KnownObject): void {
    const chosen = typesOf(possible, found);
    const [only] = chosen;
    for (const type of chosen) types.add(type);
    if (tags.size > MAX_TAGS || chosen.length > 1 || !only) for (const type of chosen) unknown.add(type);
    else addOwn(only, found);
    visitFields(found.fields, found.object);
  }

  function addOwn(type: GraphQLObjectType, found: KnownObject): void {
    for (const { parts, fields: names } of keysOf(type.name)) {
      const value = keyValue(parts, found);
      tags.add(value ? entityTag(type.name, value) : unkeyedTag(type.name, names));
    }
    for (const format of cacheTagsOf(type)) {
      const name = filled(format, '$key', (path) => leafAt(found, path));
      tags.add(name === undefined ? UNNAMED : namedTag(name));
    }
  }

  function visitFields(fields: readonly SelectedField[], object: Values): void {
    for (const field of fields) {
      const value = object[field.responseKey];
      if (value === undefined) continue;
      const type = getNamedType(field.definition.type);
      for (const format of cacheTagsOf(field.definition)) addNamedBy(format, field);
      if (isCompositeType(type)) visitValue(field, field.definition.type, possibleTypes(schema, type), value);
    }
  }

  function addNamedBy(format: string, field: SelectedField): void {
    const [origin] = field.origins;
    const name = origin && filled(format, '$args', (path) => argumentAt(path, field, origin.node, variables));
    tags.add(name === undefined ? UNNAMED : namedTag(name));
  }

  function visitValue(
    field: SelectedField,
    type: GraphQLOutputType,
    possible: readonly GraphQLObjectType[],
    value: unknown,
  ): void {
    if (Array.isArray(value)) {
      for (const item of value) visitValue(field, type, possible, item);
    } else if (isValues(value))
      return visitObject(possible, { fields: field.selections, object: value, known: NOTHING_KNOWN });
    // What comes into being later may have to stand here.
    if (!Array.isArray(value) || value.length === 0) {
      for (const one of possible) {
        types.add(one);
        unknown.add(one);
      }
    }
  }

  return {
    visitFields,
    visitObject,
    tags() {
      const isCollapsed = tags.size > MAX_TAGS;
      if (isCollapsed) tags.clear();
      for (const type of types) {
        tags.add(typeTag(type.name));
        if (!isCollapsed && !unknown.has(type)) continue;
        for (const { fields } of keysOf(type.name)) tags.add(unkeyedTag(type.name, fields));
        if (cacheTagsOf(type).length > 0) tags.add(UNNAMED);
      }
      if (isCollapsed) tags.add(UNNAMED);
      return [...tags];
    },
  };
}

function argumentAt(
  path: readonly string[],
  { definition }: SelectedField,
  node: Parameters<typeof getArgumentValues>[1],
  variables: Values,
): unknown {
  let value: unknown;
  try {
    value = getArgumentValues(definition, node, variables);
  } catch {
    // The operation does not come to an answer that is kept.
    return undefined;
  }
  for (const name of path) value = isValues(value) ? value[name] : undefined;
  // What is not given is known as well as what is.
  return value ?? '';
}
