import {
  getNamedType,
  isCompositeType,
  Kind,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type SelectionNode,
} from 'graphql';
import { placesOf } from './field-path.ts';

/** A field on a filter's path, as it is asked for. */
export interface AddedField {
  readonly name: string;
  readonly responseKey: string;
  /** The type of object that it is asked of; undefined where all have it. */
  readonly on: string | undefined;
  /** Undefined for a leaf. */
  readonly within: readonly AddedField[] | undefined;
}

interface PathTree extends ReadonlyMap<string, PathTree> {}

export function addedFields(
  schema: GraphQLSchema,
  root: GraphQLCompositeType,
  paths: readonly string[],
  prefix: string,
): readonly AddedField[] {
  function fieldsOf(type: GraphQLCompositeType, tree: PathTree): readonly AddedField[] {
    return [...tree].flatMap(([name, deeper]) =>
      placesOf(schema, type, name).flatMap(({ field, on }, index): readonly AddedField[] => {
        const value = getNamedType(field.type);
        const within = isCompositeType(value) ? fieldsOf(value, deeper) : undefined;
        const leadsToLeaf = within ? within.length > 0 : deeper.size === 0;
        // Under one key, two types could have values of which no one selection may ask.
        const responseKey = `${prefix}${on ? `${index}_` : ''}${name}`;
        return leadsToLeaf ? [{ name, responseKey, on: on?.name, within }] : [];
      }),
    );
  }

  return fieldsOf(root, treeOf(paths.map((path) => path.split('.'))));
}

function treeOf(paths: readonly (readonly string[])[]): PathTree {
  const byName = Map.groupBy(
    paths.filter(({ length }) => length > 0),
    ([name = '']) => name,
  );
  return new Map([...byName].map(([name, own]) => [name, treeOf(own.map(([, ...rest]) => rest))]));
}

export function selectionsOf(fields: readonly AddedField[]): readonly SelectionNode[] {
  return fields.map(({ name, responseKey, on, within }): SelectionNode => {
    const field: FieldNode = {
      kind: Kind.FIELD,
      alias: { kind: Kind.NAME, value: responseKey },
      name: { kind: Kind.NAME, value: name },
      ...(within && { selectionSet: { kind: Kind.SELECTION_SET, selections: selectionsOf(within) } }),
    };
    if (on === undefined) return field;
    return {
      kind: Kind.INLINE_FRAGMENT,
      typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: on } },
      selectionSet: { kind: Kind.SELECTION_SET, selections: [field] },
    };
  });
}
