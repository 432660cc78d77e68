import type { GraphQLSchema, OperationDefinitionNode, OperationTypeNode, DocumentNode } from 'graphql';
import type { SchemaCosts } from './cost/field-costs.ts';
import { operationCost, type OperationCost } from './cost/operation-cost.ts';
import { touchedBy, type Touched } from './coordinates.ts';
import { fragmentsWithin } from './definitions.ts';
import { measure, type MeasuredOperation } from './measures.ts';
import { normalFormOf, type NormalForm } from './normal-form.ts';
import { once } from './once.ts';
import { selectionOf } from './select.ts';
import type { SelectedField } from './selected-field.ts';

/**
 * What an operation is, by its document and the schema alone: no variables, no principal. Immutable. What costs more than
 * one reading of the document is made when it is first asked for.
 */
export interface OperationProfile {
  readonly definition: OperationDefinitionNode;
  readonly kind: OperationTypeNode;
  /** As the client calls it. */
  readonly name: string | undefined;
  readonly measures: MeasuredOperation;
  readonly touched: Touched;
  /** Undefined when it is too large to be written out: more than 10,000 selections, or 500 within one another. */
  readonly selection: readonly SelectedField[] | undefined;
  /** Undefined when the selection is, or when the operation has none: do without a cache then. */
  readonly normalForm: NormalForm | undefined;
  /** Of any operation, also of one that is too large to be written out. */
  readonly cost: OperationCost;
}

/** Profiles an operation of a document that is valid by the schema. */
export function profileOperation(
  schema: GraphQLSchema,
  costs: SchemaCosts,
  document: DocumentNode,
  definition: OperationDefinitionNode,
): OperationProfile {
  const fragments = fragmentsWithin(definition.selectionSet, document);
  const selection = once(() => selectionOf(schema, definition, fragments));
  const normalForm = once(() => {
    const selected = selection();
    return selected && normalFormOf(schema, definition, fragments, selected);
  });
  return {
    definition,
    kind: definition.operation,
    name: definition.name?.value,
    measures: measure(definition, fragments),
    touched: touchedBy(schema, definition, fragments),
    cost: operationCost(costs, definition, fragments),
    get selection() {
      return selection();
    },
    get normalForm() {
      return normalForm();
    },
  };
}
