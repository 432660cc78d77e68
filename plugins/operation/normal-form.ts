import { hash } from 'node:crypto';
import type { GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { canonicalizer, type CanonicalVariables, type Canonicalize } from './canonical-variables.ts';
import { otherDirectives } from './conditions.ts';
import type { Fragments } from './definitions.ts';
import { marksFragments } from './fragment-directives.ts';
import { normalText } from './normal-text.ts';
import { once } from './once.ts';
import type { SelectedField } from './selected-field.ts';

declare const operationHash: unique symbol;
declare const variablesHash: unique symbol;

/** SHA-256 of a normal form's text, base64url. */
export type OperationHash = string & { readonly [operationHash]: true };
/** SHA-256 of canonical variables as JSON, base64url. */
export type VariablesHash = string & { readonly [variablesHash]: true };

/**
 * An operation without what does not change its meaning. Two requests with the same hash and the same canonical
 * variables have the same response, its keys in the same order, on one schema and for one principal.
 *
 * Not part of it: whitespace and comments; the operation's name; the names and types of variables, and whether a value
 * is a variable or a literal; the order of arguments and of an input object's fields; fragments, and the ways to write
 * one type condition; selections written in parts; `@skip` and `@include` that a literal decides; definitions that are
 * not used.
 *
 * Part of it: the order of fields. A response has its keys in the order of the document (GraphQL specification, section
 * 7.2.2), and the root fields of a mutation are executed in it (section 6.2.2), so that one body cannot serve both.
 */
export interface NormalForm {
  /** GraphQL that any executor takes, with the canonical variables; not what the rules of validation were made for. */
  readonly text: string;
  readonly hash: OperationHash;
  readonly canonicalVariables: Canonicalize;
}

/**
 * Undefined for what has no normal form: directives of the schema's own on fragments and variable definitions, whose
 * meaning is not known and whose place would be lost, and values that JSON cannot carry where variables must.
 */
export function normalFormOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  selection: readonly SelectedField[],
): NormalForm | undefined {
  const { variableDefinitions = [] } = operation;
  if (variableDefinitions.some(({ directives }) => otherDirectives(directives).length > 0)) return undefined;
  if (marksFragments(operation, fragments)) return undefined;
  const normal = normalText(schema, operation, selection);
  const canonicalVariables = normal && canonicalizer(schema, variableDefinitions, normal.variables);
  if (!canonicalVariables) return undefined;
  const { text } = normal;
  const hashed = once(() => hash('sha256', text, 'base64url') as OperationHash);
  return {
    text,
    canonicalVariables,
    get hash() {
      return hashed();
    },
  };
}

export function hashOfVariables(variables: CanonicalVariables): VariablesHash {
  return hash('sha256', JSON.stringify(variables), 'base64url') as VariablesHash;
}
