import {
  getNamedType,
  getNullableType,
  isLeafType,
  isListType,
  isObjectType,
  type GraphQLField,
  type GraphQLNamedOutputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import type { Coordinate } from '../coordinates.ts';
import { once } from '../once.ts';
import { costDirectives, type Definition, type ListSize } from './directives.ts';
import { inputCosts, type Input } from './inputs.ts';
import type { OwnersOf } from './owners.ts';

/** What the schema says of the cost of a field, as an object type has it. */
export interface FieldCost {
  /** The same for fields of several types that cost the same, whatever they are given. */
  readonly id: number;
  readonly coordinate: Coordinate;
  readonly field: GraphQLField<unknown, unknown>;
  readonly type: GraphQLNamedOutputType;
  /** Lists around that type, one within another. */
  readonly lists: number;
  /** Of resolving it once; it may be negative. */
  readonly weight: number;
  /** The arguments that cost something, by name. */
  readonly arguments: ReadonlyMap<string, Input>;
  readonly listSize: ListSize | undefined;
  /** Names of subgraphs. */
  readonly owners: readonly string[];
  /** Whether it costs nothing, and needs nothing, whatever it is given. */
  readonly isFree: boolean;
}

/** What a schema says of costs. */
export interface SchemaCosts {
  readonly schema: GraphQLSchema;
  /** Items of a list of which the schema does not say how many it has. */
  readonly defaultListSize: number;
  fieldOf(type: GraphQLObjectType, name: string): FieldCost | undefined;
  /** Of one object or leaf of a type: 1 for an object and 0 for a leaf, if the schema does not say; never negative. */
  weightOf(type: GraphQLNamedOutputType): number;
  /** The names of all that own a field. */
  subgraphs(): readonly string[];
}

/**
 * Weights and list sizes stand on the fields of object types. Where they do not, those of the interfaces that have the
 * field too are taken, which composition allows and IBM's specification (section 9.1.1) does not.
 */
export function schemaCosts(schema: GraphQLSchema, defaultListSize: number, ownersOf: OwnersOf): SchemaCosts {
  const directives = costDirectives(schema);
  const inputOf = inputCosts(directives);
  const fields = new Map<Coordinate, FieldCost>();
  const byType = new Map<string, number>();
  const ids = new Map<string, number>();

  function idOf(text: string): number {
    const id = ids.get(text) ?? ids.size;
    ids.set(text, id);
    return id;
  }

  function weightOf(type: GraphQLNamedOutputType): number {
    const known = byType.get(type.name) ?? Math.max(0, directives.weightOf(type) ?? (isLeafType(type) ? 0 : 1));
    byType.set(type.name, known);
    return known;
  }

  function read(coordinate: Coordinate, parent: GraphQLObjectType, field: GraphQLField<unknown, unknown>): FieldCost {
    const inherited = parent.getInterfaces().flatMap((one) => one.getFields()[field.name] ?? []);
    const listSize = first([field, ...inherited], directives.listSizeOf);
    const weighed = field.args.flatMap((argument) => {
      const same = inherited.flatMap(({ args }) => args.filter(({ name }) => name === argument.name));
      const input = inputOf(argument.type, first([argument, ...same], directives.weightOf));
      return input ? [[argument.name, input] as const] : [];
    });
    const weight = first([field, ...inherited], directives.weightOf) ?? 0;
    const owners = ownersOf(coordinate);
    const weights = weighed.map(([name, input]) => [name, input.weight]);
    const slicing = field.args.filter(({ name }) => listSize?.slicingArguments.some(([argument]) => argument === name));
    const defaults = slicing.map(({ name, type: given, defaultValue }) => [name, String(given), defaultValue]);
    const type = getNamedType(field.type);
    return {
      id: idOf(JSON.stringify([String(field.type), weight, listSize, owners, weights, defaults])),
      coordinate,
      field,
      type,
      lists: listsAround(field.type),
      weight,
      arguments: new Map(weighed),
      listSize,
      owners,
      isFree: isLeafType(type) && weightOf(type) === 0 && weight <= 0 && weighed.length === 0 && !listSize,
    };
  }

  return {
    schema,
    defaultListSize,
    fieldOf(type, name) {
      const coordinate: Coordinate = `${type.name}.${name}`;
      const field = type.getFields()[name];
      const known = fields.get(coordinate) ?? (field && read(coordinate, type, field));
      if (known) fields.set(coordinate, known);
      return known;
    },
    weightOf,
    subgraphs: once(() => {
      const types = Object.values(schema.getTypeMap()).filter(isObjectType);
      const owners = types.flatMap((type) =>
        Object.keys(type.getFields()).flatMap((field) => ownersOf(`${type.name}.${field}`)),
      );
      return [...new Set(owners)];
    }),
  };
}

function first<T>(definitions: readonly Definition[], read: (definition: Definition) => T | undefined): T | undefined {
  for (const definition of definitions) {
    const found = read(definition);
    if (found !== undefined) return found;
  }
  return undefined;
}

function listsAround(given: GraphQLOutputType): number {
  const type = getNullableType(given);
  return isListType(type) ? 1 + listsAround(type.ofType) : 0;
}
