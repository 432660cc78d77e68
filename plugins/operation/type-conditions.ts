import type { GraphQLAbstractType, GraphQLCompositeType, GraphQLSchema } from 'graphql';
import { fieldOn } from './meta-fields.ts';
import { abstractTypes, intersection, isSame, isWithin, possibleTypes, type TypeSet } from './type-sets.ts';

/** Where a field stands within a selection on some type. */
export interface FieldPlace {
  /** The type that it is selected on. */
  readonly type: GraphQLCompositeType;
  /** The type conditions around it, outer first, that let in just the objects it is for. None: all of them. */
  readonly conditions: readonly string[];
}

/** `types` are some or all of those that an object of `parent` may be of, at least one. */
export type PlaceOf = (parent: GraphQLCompositeType, types: TypeSet, field: string) => FieldPlace;

/**
 * Decides type conditions by what they do and not by how they are written, so that all ways to write the same are one:
 * the parent itself if the field is for all its objects; the object type if it is for one; else the first interface or
 * union by name that does it alone; else as many as it takes. Only types that have the field are taken for its parent.
 */
export function placesIn(schema: GraphQLSchema): PlaceOf {
  const places = new Map<string, FieldPlace>();

  function placeAmongAbstract(parent: GraphQLCompositeType, types: TypeSet, field: string): FieldPlace {
    const possible = possibleTypes(schema, parent);
    const wider = abstractTypes(schema).filter((type) => isWithin(types, possibleTypes(schema, type)));
    const having = wider.filter((type) => fieldOn(schema, type, field));
    const alone = having.find((type) => isSame(intersection(possible, possibleTypes(schema, type)), types));
    const inner = alone ?? having[0];
    if (!inner) return { type: parent, conditions: [] };
    return { type: inner, conditions: [...narrowing(inner, wider, possible, types), inner.name] };
  }

  /** What must stand around a condition so that together they let in no more than the types. */
  function narrowing(
    inner: GraphQLAbstractType,
    wider: readonly GraphQLAbstractType[],
    possible: TypeSet,
    types: TypeSet,
  ): readonly string[] {
    const outer: string[] = [];
    let left = intersection(possible, possibleTypes(schema, inner));
    for (const type of wider) {
      if (isSame(left, types)) break;
      const narrowed = intersection(left, possibleTypes(schema, type));
      if (!isSame(narrowed, left)) outer.push(type.name);
      left = narrowed;
    }
    return outer;
  }

  return (parent, types, field) => {
    if (isSame(types, possibleTypes(schema, parent)) && fieldOn(schema, parent, field)) {
      return { type: parent, conditions: [] };
    }
    const [single] = types.types;
    if (single && types.types.length === 1) return { type: single, conditions: [single.name] };
    const key = `${parent.name} ${field} ${types.key}`;
    const known = places.get(key) ?? placeAmongAbstract(parent, types, field);
    places.set(key, known);
    return known;
  };
}
