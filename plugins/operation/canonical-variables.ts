import {
  getVariableValues,
  isInputType,
  typeFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type VariableDefinitionNode,
} from 'graphql';
import { canonicalJson } from './canonical-json.ts';
import { isJson, type JsonValue } from './json.ts';
import type { CanonicalVariable } from './lift.ts';
import { templateOf } from './literals.ts';
import { fill } from './value-template.ts';

/** By the names of the normal form, in its order; a variable that is not given is not there. */
export type CanonicalVariables = Readonly<Record<string, JsonValue>>;

/** `given` as the request has them. Undefined when the operation does not accept them, or when they are not JSON. */
export type Canonicalize = (
  given: Readonly<Record<string, unknown>> | null | undefined,
) => CanonicalVariables | undefined;

interface Declared {
  readonly name: string;
  readonly type: GraphQLInputType;
  /** What it is when it is not given. */
  readonly otherwise: JsonValue | undefined;
}

/** Undefined when a default is a value that JSON cannot carry. */
export function canonicalizer(
  schema: GraphQLSchema,
  definitions: readonly VariableDefinitionNode[],
  variables: readonly CanonicalVariable[],
): Canonicalize | undefined {
  const declared = definitions.flatMap((definition) => declaredBy(schema, definition) ?? []);
  if (declared.length < definitions.length) return undefined;
  if (declared.length === 0) {
    const constant = canonical(variables, new Map());
    return () => constant;
  }
  return (given) => {
    const inputs = given ?? {};
    if (getVariableValues(schema, definitions, inputs, { maxErrors: 1 }).errors) return undefined;
    const values = new Map<string, JsonValue>();
    for (const { name, type, otherwise } of declared) {
      const value = Object.hasOwn(inputs, name) ? (inputs[name] ?? null) : otherwise;
      if (value === undefined) continue;
      if (!isJson(value)) return undefined;
      values.set(name, canonicalJson(value, type));
    }
    return canonical(variables, values);
  };
}

function declaredBy(
  schema: GraphQLSchema,
  { variable, type: typeNode, defaultValue }: VariableDefinitionNode,
): Declared | undefined {
  const type = typeFromAST(schema, typeNode);
  if (!isInputType(type)) return undefined;
  const template = defaultValue && templateOf(defaultValue, type);
  if (defaultValue && !template) return undefined;
  return { name: variable.name.value, type, otherwise: template && fill(template, new Map()) };
}

function canonical(
  variables: readonly CanonicalVariable[],
  values: ReadonlyMap<string, JsonValue>,
): CanonicalVariables | undefined {
  const result: Record<string, JsonValue> = {};
  for (const { name, template, isCondition } of variables) {
    const value = fill(template, values);
    // A nullable variable may be null where `if` may not: the request ends in an error.
    if (isCondition && typeof value !== 'boolean') return undefined;
    if (value !== undefined) result[name] = value;
  }
  return result;
}
