import { Kind, parse, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import { supergraphOf } from '../../supergraph/public-schema.ts';

/** A key of an entity: its fields, and those within them, sorted by name. */
export interface EntityKey {
  /** The same for the same fields in whatever order: `brand{id} sku`. */
  readonly fields: string;
  readonly parts: readonly KeyPart[];
}

export interface KeyPart {
  readonly name: string;
  /** Undefined for a leaf. */
  readonly within: readonly KeyPart[] | undefined;
}

/** The keys of a type in any subgraph, each once; none for a type that is no entity. */
export type EntityKeys = (typeName: string) => readonly EntityKey[];

/** Reads the keys from the joins of the supergraph that a schema was made of (join specification, `join__type`). */
export function entityKeys(schema: GraphQLSchema): EntityKeys {
  const supergraph = supergraphOf(schema);
  const known = new Map<string, readonly EntityKey[]>();

  function read(typeName: string): readonly EntityKey[] {
    const keys = new Map<string, EntityKey>();
    for (const { name, arguments: args = [] } of supergraph.getType(typeName)?.astNode?.directives ?? []) {
      const text = name.value === 'join__type' ? args.find((one) => one.name.value === 'key')?.value : undefined;
      if (text?.kind !== Kind.STRING) continue;
      const key = keyOf(text.value);
      keys.set(key.fields, key);
    }
    return [...keys.values()];
  }

  return (typeName) => {
    const keys = known.get(typeName) ?? read(typeName);
    known.set(typeName, keys);
    return keys;
  };
}

/** Of the fields of a key as a subgraph writes them: `sku brand { id }`. */
export function keyOf(text: string): EntityKey {
  const [definition] = parse(`{${text}}`, { noLocation: true }).definitions;
  const parts = definition?.kind === Kind.OPERATION_DEFINITION ? partsOf(definition.selectionSet) : [];
  return { parts, fields: fieldsOf(parts) };
}

/** Of a key's value: `{"brand":{"id":"1"},"sku":"a"}` has the fields `brand{id} sku`. */
export function fieldsOfValue(value: Readonly<Record<string, unknown>>): string {
  return fieldsOf(partsOfValue(value));
}

function partsOfValue(value: Readonly<Record<string, unknown>>): readonly KeyPart[] {
  return Object.entries(value)
    .map(([name, within]): KeyPart => ({ name, within: isObject(within) ? partsOfValue(within) : undefined }))
    .toSorted(byName);
}

function partsOf({ selections }: SelectionSetNode): readonly KeyPart[] {
  return selections
    .flatMap((selection): readonly KeyPart[] => {
      if (selection.kind !== Kind.FIELD) return [];
      const { name, selectionSet } = selection;
      return [{ name: name.value, within: selectionSet && partsOf(selectionSet) }];
    })
    .toSorted(byName);
}

function fieldsOf(parts: readonly KeyPart[]): string {
  return parts.map(({ name, within }) => (within ? `${name}{${fieldsOf(within)}}` : name)).join(' ');
}

function byName(one: KeyPart, other: KeyPart): number {
  return one.name < other.name ? -1 : 1;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
