import {
  isCompositeType,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { possibleTypes } from '../type-sets.ts';
import { bounded } from './amounts.ts';
import { combined, type ByVariables, type Quantity } from './by-variables.ts';
import { collectFields, type FieldNodes, type Source } from './collect.ts';
import type { FieldCost, SchemaCosts } from './field-costs.ts';
import { argumentWeights } from './inputs.ts';
import { sizeOf, slicesOf, type Slice } from './list-size.ts';
import { itemsOf, sizesWithin, type KnownSizes, type SizeWithin } from './sized-fields.ts';

/**
 * What an operation costs, but for numbers that variables decide. It is a graph and no tree: what is selected of objects
 * of one type by the same nodes stands once, however often fragments spread it.
 */
export interface CostPlan {
  readonly root: Place;
  /** Each after those within it. */
  readonly places: readonly Place[];
  /** Names of the subgraphs that are asked. Elsewhere in the plan they stand by their index. */
  readonly subgraphs: readonly string[];
}

/** Where objects are in a response. */
export interface Place {
  /** The subgraphs that own the field that gives them. */
  readonly owners: readonly number[];
  /** What an object there may be. */
  readonly alternatives: readonly Alternative[];
}

/** Types of objects that cost the same at a place. */
export interface Alternative {
  readonly types: ReadonlySet<string>;
  /** Of such an object alone. */
  readonly weight: number;
  /** All that it has in the response; of those, the ones of `__typename`. */
  readonly responseKeys: readonly string[];
  readonly typenames: readonly string[];
  /** Those that may cost something. */
  readonly fields: readonly PlannedField[];
}

export interface PlannedField {
  readonly responseKey: string;
  readonly cost: FieldCost;
  readonly node: FieldNode;
  readonly owners: readonly number[];
  /** What it costs to resolve it once, with its arguments. */
  readonly own: Quantity;
  /** Objects or leaves that it may give. */
  readonly items: Quantity;
  readonly slices: ByVariables<readonly Slice[]>;
  /** Where its objects are, or what each of its leaves weighs. */
  readonly gives: Place | number;
}

/** Selection sets that are merged, and what the fields around them say of the size of lists within. */
interface Selected {
  readonly sets: readonly SelectionSetNode[];
  readonly sizes: readonly SizeWithin[];
}

/** Objects and fields within one another: more than any that a person writes. */
const MOST_LEVELS = 500;
const NO_SLICES: readonly Slice[] = [];

/** Plans an operation. When the source's budget is used up, what is returned is a part of it. */
export function planOf(costs: SchemaCosts, operation: OperationDefinitionNode, source: Source): CostPlan {
  const places = new Map<string, Place>();
  const subgraphs = new Map<string, number>();
  const idOf = numbered();
  const { budget } = source;

  function placeOf(type: GraphQLCompositeType, selected: Selected, owners: readonly number[], level: number): Place {
    const sets = selected.sets.map(idOf).join();
    const sizes = selected.sizes.map(({ path, key }) => `${path.join('.')} ${key}`).join();
    const key = `${type.name}|${sets}|${sizes}|${owners.join()}`;
    const known = places.get(key);
    if (known) return known;
    if (level > MOST_LEVELS) budget.left = 0;
    const place: Place = { owners, alternatives: alternativesOf(type, selected, level) };
    places.set(key, place);
    return place;
  }

  function alternativesOf(type: GraphQLCompositeType, selected: Selected, level: number): readonly Alternative[] {
    const [only, ...others] = possibleTypes(source.schema, type).types;
    if (only && others.length === 0) return [alternativeOf(only, selected, level)];
    const alternatives = new Map<string, Alternative & { readonly types: Set<string> }>();
    for (const object of possibleTypes(source.schema, type).types) {
      if (budget.left <= 0) break;
      const alternative = alternativeOf(object, selected, level);
      const shape = shapeOf(alternative);
      const same = alternatives.get(shape);
      if (same) same.types.add(object.name);
      else alternatives.set(shape, { ...alternative, types: new Set([object.name]) });
    }
    return [...alternatives.values()];
  }

  function alternativeOf(object: GraphQLObjectType, selected: Selected, level: number): Alternative {
    budget.left--;
    const responseKeys: string[] = [];
    const typenames: string[] = [];
    const fields: PlannedField[] = [];
    for (const [responseKey, nodes] of collectFields(source, object, selected.sets)) {
      responseKeys.push(responseKey);
      const name = nodes[0].name.value;
      if (name === '__typename') typenames.push(responseKey);
      // Introspection is no field of the type's own, and free: no subgraph is asked for it.
      const cost = costs.fieldOf(object, name);
      if (cost && !cost.isFree) fields.push(plannedField(responseKey, nodes, cost, selected.sizes, level));
    }
    // The root is not given by any field.
    const weight = level === 1 ? 0 : costs.weightOf(object);
    return { types: new Set([object.name]), weight, responseKeys, typenames, fields };
  }

  /** The nodes have the same arguments, or the document would not be valid. */
  function plannedField(
    responseKey: string,
    nodes: FieldNodes,
    cost: FieldCost,
    around: readonly SizeWithin[],
    level: number,
  ): PlannedField {
    const [node] = nodes;
    const { field, listSize, type, weight } = cost;
    const owners = indexesOf(cost.owners);
    const slices = listSize ? slicesOf(field, listSize, node) : NO_SLICES;
    const expected = listSize ? sizeOf(listSize, slices, costs.defaultListSize) : costs.defaultListSize;
    const sizes: KnownSizes = { expected, key: `${idOf(node)} ${cost.id}`, around };
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const selected: Selected = { sets, sizes: sizesWithin(cost, sizes) };
    return {
      responseKey,
      cost,
      node,
      owners,
      own: combined(argumentWeights(node, cost.arguments), (weights) => bounded(total([weight, ...weights]))),
      items: itemsOf(cost, sizes, costs.defaultListSize),
      slices,
      gives: isCompositeType(type) ? placeOf(type, selected, owners, level + 1) : costs.weightOf(type),
    };
  }

  function indexesOf(owners: readonly string[]): readonly number[] {
    return owners.map((owner) => {
      const index = subgraphs.get(owner) ?? subgraphs.size;
      subgraphs.set(owner, index);
      return index;
    });
  }

  /** The same for objects that cost the same at one place. */
  function shapeOf({ weight, responseKeys, typenames, fields }: Alternative): string {
    const texts = fields.map(({ responseKey, cost, node, gives }) => {
      return `${responseKey} ${idOf(node)} ${cost.id} ${typeof gives === 'number' ? '' : idOf(gives)}`;
    });
    return [weight, responseKeys.join(' '), typenames.join(' '), ...texts].join('\n');
  }

  const root = source.schema.getRootType(operation.operation);
  const whole: Selected = { sets: [operation.selectionSet], sizes: [] };
  const place = root ? placeOf(root, whole, [], 1) : { owners: [], alternatives: [] };
  return { root: place, places: [...places.values()], subgraphs: [...subgraphs.keys()] };
}

function total(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

/** Numbers objects in the order in which they are met. */
function numbered(): (object: object) => number {
  const numbers = new Map<object, number>();
  return (object) => {
    const number = numbers.get(object) ?? numbers.size;
    numbers.set(object, number);
    return number;
  };
}
