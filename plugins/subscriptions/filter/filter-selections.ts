import {
  getNamedType,
  isCompositeType,
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';
import { selectionOn, type SelectedField } from '../../operation/index.ts';
import { addedFields, selectionsOf } from './added-fields.ts';
import { readEvent, type EventError } from './read-event.ts';
import { unusedPrefix } from './unused-prefix.ts';

export interface FilterSelections {
  /** The client's document, which also asks for what events are judged by. */
  readonly document: DocumentNode;
  /** With this begin the response keys of what the client has not asked for; none of its own does. */
  readonly prefix: string;
  /**
   * The event to be judged, by the names of the schema: the value of the subscription field in the root object of a
   * response. What is null because of an error is left out.
   */
  read(data: unknown, errors?: readonly EventError[]): unknown;
}

const known = new WeakMap<GraphQLSchema, WeakMap<DocumentNode, Map<string, FilterSelections>>>();

/**
 * A client's document with a filter's paths selected below the root field of a subscription. The same object for the
 * same document, operation and paths. Of a document that is too large to be read, no event can be judged.
 */
export function withFilterSelections(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  paths: readonly string[],
): FilterSelections {
  const operation = document.definitions.find(
    (node): node is OperationDefinitionNode =>
      node.kind === Kind.OPERATION_DEFINITION && (!operationName || node.name?.value === operationName),
  );
  const ofSchema = known.get(schema) ?? new WeakMap<DocumentNode, Map<string, FilterSelections>>();
  known.set(schema, ofSchema);
  const ofDocument = ofSchema.get(document) ?? new Map<string, FilterSelections>();
  ofSchema.set(document, ofDocument);
  const key = JSON.stringify([operation?.name?.value, paths]);
  const selections = ofDocument.get(key) ?? addSelections(schema, document, operation, paths);
  ofDocument.set(key, selections);
  return selections;
}

function addSelections(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode | undefined,
  paths: readonly string[],
): FilterSelections {
  const prefix = unusedPrefix(document);
  const field = operation && rootField(schema, document, operation);
  const type = field && getNamedType(field.definition.type);
  if (!field || !isCompositeType(type)) return { document, prefix, read: () => undefined };
  const added = addedFields(schema, type, paths, prefix);
  const asked = (node: OperationDefinitionNode): OperationDefinitionNode => ({
    ...node,
    selectionSet: {
      ...node.selectionSet,
      selections: [...node.selectionSet.selections, askAgain(field, selectionsOf(added))],
    },
  });
  const definitions = document.definitions.map((node) => (node === operation ? asked(operation) : node));
  return {
    document: added.length > 0 ? { ...document, definitions } : document,
    prefix,
    read: (data, errors = []) => readEvent(field.responseKey, added, data, errors),
  };
}

function rootField(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operation, selectionSet }: OperationDefinitionNode,
): SelectedField | undefined {
  const root = schema.getRootType(operation);
  const fragments = new Map(
    document.definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  return root ? selectionOn(schema, root, selectionSet, fragments)?.[0] : undefined;
}

/**
 * The root field once more, beside what the client has, with which it is merged: so it may stand in any fragment, which
 * may be spread elsewhere too. Validation lets no variable decide whether it is there.
 */
function askAgain(
  { name, responseKey, arguments: args }: SelectedField,
  selections: readonly SelectionNode[],
): SelectionNode {
  return {
    kind: Kind.FIELD,
    alias: { kind: Kind.NAME, value: responseKey },
    name: { kind: Kind.NAME, value: name },
    arguments: args,
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
}
