import type {
  ArgumentNode,
  DirectiveNode,
  FieldNode,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLObjectType,
} from 'graphql';
import type { Condition } from './conditions.ts';

/** A field of an operation's selection, with fragments inlined. Immutable. */
export interface SelectedField {
  readonly responseKey: string;
  readonly name: string;
  /** The type that it is selected on in the normal form: the same for all ways to write the same. */
  readonly parentType: GraphQLCompositeType;
  /** The field of that type. */
  readonly definition: GraphQLField<unknown, unknown>;
  /** The types of objects that it is selected for, in the order of their names; at least one. */
  readonly possibleTypes: readonly GraphQLObjectType[];
  /** The type conditions around it within its selection set, outer first, that amount to them. */
  readonly typeConditions: readonly string[];
  /** What must hold for it beside what must hold for the fields that it is under. */
  readonly conditions: readonly Condition[];
  /** As written where it stands first; the others have the same. */
  readonly arguments: readonly ArgumentNode[];
  /** Those beside `@skip` and `@include`. */
  readonly directives: readonly DirectiveNode[];
  /** Where it stands in the document: once or more, and there is no other place that it comes from. */
  readonly origins: readonly FieldOrigin[];
  /** In the order of the response. None for a leaf, and for an object of which nothing is left. */
  readonly selections: readonly SelectedField[];
}

export interface FieldOrigin {
  readonly node: FieldNode;
  /** The type that the document selects it on: of its nearest type condition, or of the field around it. */
  readonly parentType: GraphQLCompositeType;
}
