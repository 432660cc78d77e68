import {
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isInterfaceType,
  isSpecifiedScalarType,
  Kind,
  TypeNameMetaFieldDef,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { DataDecisions, NeededData } from '../request-context.ts';

const NO_FRAGMENTS: ReadonlyMap<string, FragmentDefinitionNode> = new Map();
const UNRESTRICTED: Restrictions = { fields: new Set() };

/** A `@skip` or `@include` that a variable decides. */
export interface Condition {
  readonly variable: string;
  readonly wanted: boolean;
}

/** What the client is to get of an object, for each type that the object may be of. */
export interface Shape {
  readonly type: GraphQLCompositeType;
  /** The fields for an object of this type, in the order of the response. */
  fields(type: GraphQLCompositeType, variables: Variables): readonly ShapeField[];
}

/** Coerced. */
export type Variables = Readonly<Record<string, unknown>>;

export interface ShapeField {
  readonly responseKey: string;
  readonly name: string;
  readonly parent: GraphQLCompositeType;
  readonly value: ShapeValue;
  readonly isWithheld: boolean;
  /** What must be known of the object before the field may be shown. */
  readonly guard: Guard | undefined;
}

/** What has to be known of an object, by policy, as the shape of a part of it. The same object for the same decision. */
export interface Guard {
  readonly needed: NeededData;
  readonly parts: ReadonlyMap<string, NeededPart>;
}

export interface NeededPart {
  readonly shape: Shape;
  /** With this begin its response keys. */
  readonly keyStart: string;
}

/** A field that stands in the document once or more; the first that applies gives it its place in the response. */
interface PlacedField {
  readonly field: ShapeField;
  readonly places: readonly Place[];
}

interface Place {
  readonly at: number;
  readonly conditions: readonly Condition[];
  readonly isWithheld: boolean;
  readonly guard: Guard | undefined;
}

export type ShapeValue =
  | { readonly kind: 'non-null'; readonly of: ShapeValue }
  | { readonly kind: 'list'; readonly of: ShapeValue }
  | { readonly kind: 'leaf'; readonly isValid: (value: unknown) => boolean }
  | { readonly kind: 'object'; readonly shape: Shape; readonly guardOf: GuardOf | undefined };

/** What must be known of an object of a type before it may be shown. */
type GuardOf = (typeName: string) => Guard | undefined;

interface Selected {
  readonly selections: SelectionSetNode;
  readonly conditions: readonly Condition[];
}

interface Occurrence extends Place {
  readonly node: FieldNode;
}

/** Of a document's fields, those that a client does not get, or only when the data says so. */
export interface Restrictions {
  readonly fields: ReadonlySet<FieldNode>;
  readonly onData?: Pick<DataDecisions, 'neededFor'> | undefined;
}

/**
 * Compiles a selection set, once for each document and schema: fields collected by type as in the GraphQL
 * specification (CollectFields), with what depends on variables left to the request.
 *
 * @param restrictions fields that are null with an error, unless they also stand where they are not restricted
 */
export function compileShape(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  rootType: GraphQLCompositeType,
  selections: SelectionSetNode,
  { fields: withheld, onData }: Restrictions,
): Shape {
  let place = 0;
  const guards = new Map<string, Map<NeededData, Guard>>();

  function guardOf(node: FieldNode, of: 'field' | 'value', typeName: string): Guard | undefined {
    if (!onData) return undefined;
    const type = schema.getType(typeName);
    // Of an object that does not tell its type nothing can be known: there are no parts for an abstract type.
    const names = isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [typeName];
    const needed = names.map((name) => onData.neededFor(node, of, name)).find((one) => one !== undefined);
    if (!needed) return undefined;
    const known = guards.get(typeName) ?? new Map<NeededData, Guard>();
    guards.set(typeName, known);
    const guard = known.get(needed) ?? { needed, parts: partsOf(needed, type) };
    known.set(needed, guard);
    return guard;
  }

  function partsOf({ byPolicy }: NeededData, type: unknown): ReadonlyMap<string, NeededPart> {
    if (!isObjectType(type)) return new Map();
    return new Map(
      [...byPolicy].map(([policy, { selectionSet, keyStart }]) => {
        const shape = compileShape(schema, NO_FRAGMENTS, type, selectionSet, UNRESTRICTED);
        return [policy, { shape, keyStart }];
      }),
    );
  }

  function shapeOf(shapeType: GraphQLCompositeType, selected: readonly Selected[]): Shape {
    const byType = new Map<string, (variables: Variables) => readonly ShapeField[]>();
    return {
      type: shapeType,
      fields(runtimeType, variables) {
        const known = byType.get(runtimeType.name) ?? fieldsFor(collectFields(runtimeType, selected));
        byType.set(runtimeType.name, known);
        return known(variables);
      },
    };
  }

  function collectFields(runtimeType: GraphQLCompositeType, selected: readonly Selected[]): readonly PlacedField[] {
    const occurrences = new Map<string, Occurrence[]>();
    for (const { selections: set, conditions } of selected) collect(runtimeType, set, conditions, occurrences);
    return [...occurrences].flatMap(([responseKey, places]) => {
      const field = fieldOf(runtimeType, responseKey, places);
      return field ? [{ field, places }] : [];
    });
  }

  function collect(
    runtimeType: GraphQLCompositeType,
    set: SelectionSetNode,
    inherited: readonly Condition[],
    into: Map<string, Occurrence[]>,
  ): void {
    for (const selection of set.selections) {
      const conditions = conditionsOf(selection, inherited);
      if (conditions === 'never') continue;
      if (selection.kind === Kind.FIELD) {
        const responseKey = selection.alias?.value ?? selection.name.value;
        const isWithheld = withheld.has(selection);
        const guard = isWithheld ? undefined : guardOf(selection, 'field', runtimeType.name);
        const occurrence: Occurrence = { node: selection, conditions, at: place++, isWithheld, guard };
        const known = into.get(responseKey);
        if (known) known.push(occurrence);
        else into.set(responseKey, [occurrence]);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (!fragment || !applies(runtimeType, fragment.typeCondition?.name.value)) continue;
      collect(runtimeType, fragment.selectionSet, conditions, into);
    }
  }

  function applies(runtimeType: GraphQLCompositeType, condition: string | undefined): boolean {
    if (condition === undefined || condition === runtimeType.name) return true;
    const conditionType = schema.getType(condition);
    if (!isAbstractType(conditionType)) return false;
    return (isObjectType(runtimeType) || isInterfaceType(runtimeType)) && schema.isSubType(conditionType, runtimeType);
  }

  function fieldOf(
    runtimeType: GraphQLCompositeType,
    responseKey: string,
    occurrences: readonly Occurrence[],
  ): ShapeField | undefined {
    const [first] = occurrences;
    if (!first) return undefined;
    const name = first.node.name.value;
    const type = outputTypeOf(runtimeType, name);
    if (!type) return undefined;
    return { responseKey, name, parent: runtimeType, value: valueOf(type, occurrences), ...restrictionOf(occurrences) };
  }

  function valueOf(fieldType: GraphQLOutputType, occurrences: readonly Occurrence[]): ShapeValue {
    if (isNonNullType(fieldType)) return { kind: 'non-null', of: valueOf(fieldType.ofType, occurrences) };
    if (isListType(fieldType)) return { kind: 'list', of: valueOf(fieldType.ofType, occurrences) };
    if (isLeafType(fieldType)) return { kind: 'leaf', isValid: leafCheck(fieldType) };
    const selected = occurrences.flatMap(({ node, conditions }): readonly Selected[] =>
      node.selectionSet ? [{ selections: node.selectionSet, conditions }] : [],
    );
    const asked = occurrences.find(({ isWithheld }) => !isWithheld)?.node;
    return {
      kind: 'object',
      shape: shapeOf(fieldType, selected),
      guardOf: onData && asked && ((typeName) => guardOf(asked, 'value', typeName)),
    };
  }

  return shapeOf(rootType, [{ selections, conditions: [] }]);
}

/** What is the same for all variables is decided here, once. */
function fieldsFor(placed: readonly PlacedField[]): (variables: Variables) => readonly ShapeField[] {
  const fields = placed.map(({ field }) => field);
  if (placed.every(isAlways)) return () => fields;
  return (variables) =>
    placed
      .flatMap(({ field, places }) => {
        const applying = places.filter(({ conditions }) => allHold(conditions, variables));
        const [first] = applying;
        if (!first) return [];
        const restriction = restrictionOf(applying);
        const isSame = restriction.isWithheld === field.isWithheld && restriction.guard === field.guard;
        return [{ field: isSame ? field : { ...field, ...restriction }, at: first.at }];
      })
      .toSorted((one, other) => one.at - other.at)
      .map(({ field }) => field);
}

/** Whatever the variables, it is there, in this place, and restricted or not. */
function isAlways({ places: [first, ...others] }: PlacedField): boolean {
  if (first?.conditions.length !== 0) return false;
  const isRestricted = first.isWithheld || first.guard !== undefined;
  return !isRestricted || others.every(({ isWithheld, conditions }) => isWithheld || conditions.length === 0);
}

/** A field that stands in several places is as free as it is in the freest. */
function restrictionOf(places: readonly Place[]): Pick<ShapeField, 'isWithheld' | 'guard'> {
  const asked = places.filter(({ isWithheld }) => !isWithheld);
  const isFree = asked.some(({ guard }) => guard === undefined);
  return { isWithheld: asked.length === 0, guard: isFree ? undefined : asked[0]?.guard };
}

function allHold(conditions: readonly Condition[], variables: Variables): boolean {
  return conditions.every(({ variable, wanted }) => variables[variable] === wanted);
}

function outputTypeOf(type: GraphQLCompositeType, field: string): GraphQLOutputType | undefined {
  if (field === '__typename') return TypeNameMetaFieldDef.type;
  return 'getFields' in type ? type.getFields()[field]?.type : undefined;
}

/** Subgraphs answer with serialized values: only what no client could read is refused. */
function leafCheck(type: GraphQLLeafType): (value: unknown) => boolean {
  if (isEnumType(type)) {
    const names = new Set(type.getValues().map(({ name }) => name));
    return (value) => typeof value === 'string' && names.has(value);
  }
  if (!isSpecifiedScalarType(type)) return () => true;
  switch (type.name) {
    case 'Int':
    case 'Float':
      return (value) => typeof value === 'number';
    case 'Boolean':
      return (value) => typeof value === 'boolean';
    case 'String':
      return (value) => typeof value === 'string';
    default:
      return (value) => typeof value === 'string' || typeof value === 'number';
  }
}

/** The conditions of a selection with those that it inherits; `never` when a literal rules it out. */
function conditionsOf(selection: SelectionNode, inherited: readonly Condition[]): readonly Condition[] | 'never' {
  if (!selection.directives?.length) return inherited;
  const conditions = [...inherited];
  for (const { name, arguments: args } of selection.directives) {
    const wanted = name.value === 'include';
    if (!wanted && name.value !== 'skip') continue;
    const value = args?.find((argument) => argument.name.value === 'if')?.value;
    if (value?.kind === Kind.VARIABLE) conditions.push({ variable: value.name.value, wanted });
    else if (value?.kind === Kind.BOOLEAN && value.value !== wanted) return 'never';
  }
  return conditions;
}
