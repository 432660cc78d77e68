import {
  doTypesOverlap,
  isAbstractType,
  isCompositeType,
  isObjectType,
  isUnionType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type InlineFragmentNode,
  type SelectionSetNode,
} from 'graphql';
import { orTypeName } from './literal-conditions.ts';

/**
 * A document of the same meaning without the fragments that the planner finds no way to (router-query-planner 0.0.38,
 * "No paths found for selection item"): those on a union become fragments on its members; those with a condition that
 * stand within a fragment on a type that is theirs too become fragments on nothing; and what can never apply leaves.
 */
export function withoutAbstractConditions(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const types = new TypeInfo(schema);

  /** Null for what never applies, undefined for what may stay. */
  function replacement(
    condition: string,
    directives: readonly DirectiveNode[],
    selectionSet: SelectionSetNode,
  ): InlineFragmentNode | null | undefined {
    const [type, parent] = [schema.getType(condition), types.getParentType()];
    if (!isCompositeType(type) || !isCompositeType(parent)) return undefined;
    if (!doTypesOverlap(schema, type, parent)) return null;
    const always = parent === type || (isObjectType(parent) && isAbstractType(type));
    if (!isUnionType(type) && !(always && directives.length > 0)) return undefined;
    const selections = always
      ? selectionSet.selections
      : typesIn(schema, type, parent).map((name) => onType(name, selectionSet));
    return { kind: Kind.INLINE_FRAGMENT, directives, selectionSet: { kind: Kind.SELECTION_SET, selections } };
  }

  return visit(
    document,
    visitWithTypeInfo(types, {
      FragmentDefinition: ({ typeCondition }) =>
        isUnionType(schema.getType(typeCondition.name.value)) ? null : undefined,
      FragmentSpread({ name, directives = [] }) {
        const fragment = fragments.get(name.value);
        return fragment && replacement(fragment.typeCondition.name.value, directives, fragment.selectionSet);
      },
      InlineFragment: ({ typeCondition, directives = [], selectionSet }) =>
        typeCondition && replacement(typeCondition.name.value, directives, selectionSet),
      SelectionSet: { leave: orTypeName },
    }),
  );
}

/** The types that an object may be of that is of both. */
function typesIn(schema: GraphQLSchema, type: GraphQLCompositeType, parent: GraphQLCompositeType): readonly string[] {
  const possible = possibleTypes(schema, parent);
  return possibleTypes(schema, type).flatMap((one) => (possible.includes(one) ? one.name : []));
}

function possibleTypes(schema: GraphQLSchema, type: GraphQLCompositeType): readonly GraphQLObjectType[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
}

function onType(type: string, selectionSet: SelectionSetNode): InlineFragmentNode {
  const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type } } as const;
  return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet };
}
