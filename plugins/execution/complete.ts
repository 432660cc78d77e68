import { GraphQLError, isCompositeType, isObjectType, type GraphQLCompositeType, type GraphQLSchema } from 'graphql';
import type { FetchFailures } from './fetch-failures.ts';
import type { FieldOwner } from './field-owners.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import type { ResponsePath } from './entities.ts';
import type { FoundData, Withheld } from '../request-context.ts';
import type { Guard, NeededPart, Shape, ShapeField, ShapeValue, Variables } from './shape.ts';

export interface CompletedResponse {
  readonly data: JsonObject | null;
  readonly errors: readonly GraphQLError[];
}

interface Path {
  readonly before: Path | undefined;
  readonly key: string | number;
}

/** A null where there must be none: the object or list that holds it becomes null. */
const BUBBLES = Symbol('null bubbles');

type ObjectValue = Pick<Extract<ShapeValue, { kind: 'object' }>, 'shape' | 'guardOf'>;

type Completed = JsonValue | typeof BUBBLES;

/** Whether what a guard stands before may be shown of an object. `read` gives what policies need of the object. */
export type Gate = (object: JsonObject, guard: Guard, read: () => FoundData['data']) => boolean;

/** What a response is made of. */
export interface Responding {
  readonly schema: GraphQLSchema;
  readonly shape: Shape;
  readonly data: JsonObject;
  readonly variables: Variables;
  readonly failures: FetchFailures;
  readonly ownerOf: FieldOwner;
  readonly withheld: Pick<Withheld, 'code' | 'message'> | undefined;
}

/**
 * What the client gets of the data collected from subgraphs: its fields in its order and no others, nulls where data
 * is missing, bubbling as in the GraphQL specification (section 6.4.4), and an error for each that no error explains.
 */
export function completeResponse(
  { schema, shape, data, variables, failures, ownerOf, withheld }: Responding,
  passes: Gate = () => true,
  located: readonly GraphQLError[] = failures.located(),
): CompletedResponse {
  const errors: GraphQLError[] = [...located];
  /** Every path at which or below which an error stands. */
  const explained = new Set<string>();
  for (const { path = [] } of errors) {
    for (let length = 1; length <= path.length; length++) explained.add(path.slice(0, length).join('/'));
  }

  function completeObject(
    { shape: objectShape, guardOf }: ObjectValue,
    raw: JsonObject,
    path: Path | undefined,
  ): Completed {
    const type = runtimeTypeOf(schema, objectShape.type, raw);
    if (!type) return null;
    const guard = guardOf?.(type.name);
    if (guard && path && !passes(raw, guard, () => readParts(guard, type, raw, path))) {
      explainWithheld(path);
      return null;
    }
    const result: JsonObject = {};
    let bubbles = false;
    for (const field of objectShape.fields(type, variables)) {
      const value = completeField(field, type, raw, { before: path, key: field.responseKey });
      if (value === BUBBLES) bubbles = true;
      else result[field.responseKey] = value;
    }
    return bubbles ? BUBBLES : result;
  }

  function completeField(field: ShapeField, type: GraphQLCompositeType, raw: JsonObject, path: Path): Completed {
    if (field.name === '__typename') return type.name;
    const { guard } = field;
    if (field.isWithheld || (guard && !passes(raw, guard, () => readParts(guard, type, raw, path.before)))) {
      explainWithheld(path);
      return completeValue(field, field.value, null, path);
    }
    const value = raw[field.responseKey];
    if (value === undefined) {
      const failure = failures.of(raw, field.responseKey);
      if (failure) explain(path, (at) => failure(at));
    }
    return completeValue(field, field.value, value, path);
  }

  function completeValue(field: ShapeField, of: ShapeValue, value: JsonValue | undefined, path: Path): Completed {
    if (of.kind === 'non-null') {
      const completed = completeValue(field, of.of, value, path);
      if (completed !== null) return completed;
      explain(path, (at) => fieldError(field, 'Cannot return null for non-nullable field', at));
      return BUBBLES;
    }
    if (value === null || value === undefined) return null;
    const completed = completeNullable(field, of, value, path);
    return completed === BUBBLES ? null : completed;
  }

  function completeNullable(
    field: ShapeField,
    of: Exclude<ShapeValue, { kind: 'non-null' }>,
    value: JsonValue,
    path: Path,
  ): Completed {
    switch (of.kind) {
      case 'list':
        return Array.isArray(value) ? completeList(field, of.of, value, path) : unfit(field, path);
      case 'leaf':
        return of.isValid(value) ? value : unfit(field, path);
      case 'object':
        return isObject(value) ? completeObject(of, value, path) : unfit(field, path);
    }
  }

  function completeList(field: ShapeField, of: ShapeValue, values: readonly JsonValue[], path: Path): Completed {
    const result: JsonValue[] = [];
    let bubbles = false;
    for (const [key, value] of values.entries()) {
      const completed = completeValue(field, of, value, { before: path, key });
      if (completed === BUBBLES) bubbles = true;
      else result.push(completed);
    }
    return bubbles ? BUBBLES : result;
  }

  function readParts(
    guard: Guard,
    type: GraphQLCompositeType,
    raw: JsonObject,
    path: Path | undefined,
  ): FoundData['data'] {
    return new Map([...guard.parts].map(([policy, part]) => [policy, readPart(part, type, raw, path)]));
  }

  /** Undefined unless all of it is there, or is null without an error. */
  function readPart(
    { shape: part, keyStart }: NeededPart,
    type: GraphQLCompositeType,
    raw: JsonObject,
    path: Path | undefined,
  ) {
    const before = errors.length;
    const result: JsonObject = {};
    for (const field of part.fields(type, variables)) {
      const at = { before: path, key: field.responseKey };
      const value = completeField(field, type, raw, at);
      if (value === BUBBLES || errors.length > before || explained.has(toArray(at).join('/'))) return undefined;
      result[field.responseKey.slice(keyStart.length)] = value;
    }
    return result;
  }

  function explainWithheld(path: Path): void {
    const { message = '', code } = withheld ?? {};
    explain(path, (at) => new GraphQLError(message, { path: at, extensions: { code } }));
  }

  function fieldError({ parent, name }: ShapeField, message: string, path: ResponsePath): GraphQLError {
    const service = ownerOf(parent.name, name);
    const extensions = { code: 'SUBGRAPH_ERROR', ...(service !== undefined && { service }) };
    return new GraphQLError(`${message}: ${parent.name}.${name}.`, { path, extensions });
  }

  function unfit(field: ShapeField, path: Path): null {
    explain(path, (at) => fieldError(field, 'A subgraph gave it a value that it cannot have', at));
    return null;
  }

  /** Adds an error unless one stands at the path or below it. */
  function explain(path: Path, error: (at: ResponsePath) => GraphQLError): void {
    const at = toArray(path);
    if (explained.has(at.join('/'))) return;
    errors.push(error(at));
    for (let length = at.length; length > 0; length--) explained.add(at.slice(0, length).join('/'));
  }

  const completed = completeObject({ shape, guardOf: undefined }, data, undefined);
  errors.push(...failures.unexplained());
  return { data: isObject(completed) ? completed : null, errors };
}

/** The most exact type that is known; undefined for one that the client's schema does not have. */
function runtimeTypeOf(
  schema: GraphQLSchema,
  declared: GraphQLCompositeType,
  { __typename: typeName }: JsonObject,
): GraphQLCompositeType | undefined {
  if (isObjectType(declared) || typeof typeName !== 'string') return declared;
  const type = schema.getType(typeName);
  return isCompositeType(type) ? type : undefined;
}

function toArray(path: Path): ResponsePath {
  const keys: (string | number)[] = [];
  for (let at: Path | undefined = path; at; at = at.before) keys.push(at.key);
  return keys.toReversed();
}
