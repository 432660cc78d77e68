import {
  getNullableType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  OperationTypeNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type ASTNode,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';
import type { TextLiteral } from './literals-in-text.ts';

/** A literal that all texts of a document have in the same place, each with a value of its own. */
export interface LiftedLiteral {
  /** Its place among the strings and numbers of the text. */
  readonly index: number;
  /** Of the variable that stands for it. */
  readonly name: string;
  readonly isInt32: boolean;
}

export interface LiftedDocument {
  readonly document: DocumentNode;
  readonly lifted: readonly LiftedLiteral[];
}

/** No variable of a client may begin like that where it is used. */
export const LIFTED_NAME = 'literal_';

/**
 * A document of one query or mutation, with variables in place of the strings and numbers that its fields' arguments take as
 * `String`, `ID`, `Int` or `Float`. A scalar of the schema's own may mean another thing by a literal than by a variable,
 * and directives and defaults are part of what the operation is. Undefined when there is nothing to lift.
 */
export function liftLiterals(
  schema: GraphQLSchema,
  document: DocumentNode,
  literals: readonly TextLiteral[],
): LiftedDocument | undefined {
  const operation = onlyOperation(document);
  if (!operation) return undefined;
  const indexAt = new Map(literals.map(({ start }, index) => [start, index]));
  const lifted = new Map<number, LiftedLiteral>();
  const types = new Map<number, string>();
  const info = new TypeInfo(schema);

  function lift(node: ASTNode) {
    const type = getNullableType(info.getInputType());
    const index = node.loc && indexAt.get(node.loc.start);
    // What precedes the operation would move the places of its variables, of which errors tell.
    if (index === undefined || !isScalarType(type) || !isSpecifiedScalarType(type) || isBefore(node, operation))
      return undefined;
    const name = `${LIFTED_NAME}${index}`;
    lifted.set(index, { index, name, isInt32: type.name === 'Int' });
    types.set(index, type.name);
    return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name }, loc: node.loc } as const;
  }

  const changed = visit(
    document,
    visitWithTypeInfo(info, {
      [Kind.VARIABLE_DEFINITION]: () => false,
      [Kind.DIRECTIVE]: () => false,
      [Kind.STRING]: lift,
      [Kind.INT]: lift,
      [Kind.FLOAT]: lift,
    }),
  );
  if (lifted.size === 0) return undefined;
  const declarations = [...types].map(([index, type]) => declaration(`${LIFTED_NAME}${index}`, type));
  const definitions = changed.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? { ...definition, variableDefinitions: [...(definition.variableDefinitions ?? []), ...declarations] }
      : definition,
  );
  return { document: { ...changed, definitions }, lifted: [...lifted.values()] };
}

function onlyOperation(document: DocumentNode): OperationDefinitionNode | undefined {
  const [operation, ...others] = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (others.length > 0 || operation?.kind !== Kind.OPERATION_DEFINITION) return undefined;
  return operation.operation === OperationTypeNode.SUBSCRIPTION ? undefined : operation;
}

function isBefore(node: ASTNode, operation: ASTNode | undefined): boolean {
  return (node.loc?.start ?? 0) < (operation?.loc?.start ?? 0);
}

/** A value is always there: a variable that is not null may stand in any place of its type. */
function declaration(name: string, type: string): VariableDefinitionNode {
  return {
    kind: Kind.VARIABLE_DEFINITION,
    variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } },
    type: {
      kind: Kind.NON_NULL_TYPE,
      type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type } },
    },
  };
}
