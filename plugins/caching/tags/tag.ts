import { fieldsOfValue } from './entity-keys.ts';

declare const tag: unique symbol;

/** What an entry of the cache has to do with, and by which it is invalidated. */
export type Tag = string & { readonly [tag]: true };

type Values = Readonly<Record<string, unknown>>;

export const EVERYTHING = 'all' as Tag;
/** Of entries that `@cacheTag` may name in a way that nobody knows, since the client has not asked for a part of the name. */
export const UNNAMED = 'tag?' as Tag;

export function typeTag(typeName: string): Tag {
  return `type:${typeName}` as Tag;
}

export function subgraphTag(subgraph: string): Tag {
  return `subgraph:${subgraph}` as Tag;
}

export function namedTag(name: string): Tag {
  return `tag:${name}` as Tag;
}

/** An entity by one of its keys. */
export function entityTag(typeName: string, key: Values): Tag {
  return `entity:${typeName}:${canonical(key)}` as Tag;
}

/** Some entity of a type of which this key is not known. */
export function unkeyedTag(typeName: string, keyFields: string): Tag {
  return `entity?:${typeName}:${keyFields}` as Tag;
}

/** What somebody asks to be invalidated, as `POST /webhooks/cache` takes it. */
export type Invalidation =
  | { readonly kind: 'entity'; readonly type: string; readonly key: Values }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'subgraph'; readonly subgraph: string }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'all' };

/** The tags of all entries that may hold what is invalid. */
export function tagsToInvalidate(invalidation: Invalidation): readonly Tag[] {
  switch (invalidation.kind) {
    case 'entity': {
      const { type, key } = invalidation;
      return [entityTag(type, key), unkeyedTag(type, fieldsOfValue(key))];
    }
    case 'type':
      return [typeTag(invalidation.type)];
    case 'subgraph':
      return [subgraphTag(invalidation.subgraph)];
    case 'tag':
      return [namedTag(invalidation.tag), UNNAMED];
    case 'all':
      return [EVERYTHING];
  }
}

/** JSON with sorted keys; ids as text, which is how they are written in GraphQL. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null)
    return JSON.stringify(typeof value === 'number' ? String(value) : value);
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, own]) => `${JSON.stringify(name)}:${canonical(own)}`).join(',')}}`;
}
