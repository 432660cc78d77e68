import {
  Kind,
  visit,
  type ASTVisitor,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type NameNode,
  type OperationDefinitionNode,
} from 'graphql';
import type { Random } from './random.ts';

/** An operation as a client sends it: the first of its document. */
export interface Request {
  readonly document: DocumentNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Makes another request of one. */
export type Edit = (request: Request, schema: GraphQLSchema, random: Random) => Request;

export function operationIn(document: DocumentNode): OperationDefinitionNode {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('The document has no operation');
  return operation;
}

export function fragmentsIn(document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
}

export function visited({ document, variables }: Request, visitor: ASTVisitor): Request {
  return { document: visit(document, visitor), variables };
}

export function withOperation(
  { document, variables }: Request,
  change: (operation: OperationDefinitionNode) => OperationDefinitionNode,
): Request {
  const operation = operationIn(document);
  const definitions = document.definitions.map((node) => (node === operation ? change(operation) : node));
  return { document: { ...document, definitions }, variables };
}

export function nameOf(value: string): NameNode {
  return { kind: Kind.NAME, value };
}

/** `@skip` or `@include` with a literal. */
export function literalCondition(name: string, value: boolean): DirectiveNode {
  const argument = { kind: Kind.ARGUMENT, name: nameOf('if'), value: { kind: Kind.BOOLEAN, value } } as const;
  return { kind: Kind.DIRECTIVE, name: nameOf(name), arguments: [argument] };
}
