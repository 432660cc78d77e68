import {
  getNamedType,
  getNullableType,
  isConstValueNode,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  parseType,
  print,
  TypeInfo,
  valueFromASTUntyped,
  visitWithTypeInfo,
  type ASTNode,
  type ConstValueNode,
  type ListValueNode,
  type GraphQLInputType,
  type ValueNode,
  type VariableNode,
  type VariableDefinitionNode,
} from 'graphql';
import { NO_JSON } from './values.ts';
import { nameOf, operationIn, visited, withOperation, type Edit } from './request.ts';

/** Ways to give the same values. */
export const SAME_VALUES: Readonly<Record<string, Edit>> = {
  'the order of arguments and input fields': (request, schema) => {
    const info = new TypeInfo(schema);
    const withReversed = visitWithTypeInfo(info, {
      Field: (node) => ({ ...node, arguments: node.arguments?.toReversed() ?? [] }),
      Directive: (node) => ({ ...node, arguments: node.arguments?.toReversed() ?? [] }),
      Argument: (node) => (isKeptAsWritten(node) ? false : undefined),
      ObjectValue: (node) =>
        isInputObjectType(getNamedType(info.getInputType()))
          ? { ...node, fields: node.fields.toReversed() }
          : undefined,
    });
    return visited(request, withReversed);
  },

  'names of variables': (request) => {
    const renamed = (name: string) => `r${1_000 - name.charCodeAt(name.length - 1)}_${name}`;
    const { document } = visited(request, {
      Variable: (node) => ({ ...node, name: nameOf(renamed(node.name.value)) }),
    });
    const variables = Object.entries(request.variables).map(([name, value]) => [renamed(name), value] as const);
    return { document, variables: Object.fromEntries(variables) };
  },

  'the order of variable definitions': (request) =>
    withOperation(request, (node) => ({ ...node, variableDefinitions: node.variableDefinitions?.toReversed() ?? [] })),

  'literals as variables': (request, schema, random) => {
    const given: Record<string, unknown> = { ...request.variables };
    const definitions: VariableDefinitionNode[] = [];
    const info = new TypeInfo(schema);
    /** The same literal becomes the same variable: fields that are merged must still have the same arguments. */
    const lifted = new Map<string, VariableNode | undefined>();
    const liftedOnce = (node: ConstValueNode): VariableNode | undefined => {
      const type = node.kind === Kind.LIST ? info.getParentInputType() : info.getInputType();
      if (!type) return undefined;
      const key = `${type.toString()} ${print(node)}`;
      if (!lifted.has(key)) lifted.set(key, random.chance(0.4) ? undefined : lift(node, type));
      return lifted.get(key);
    };
    const lift = (node: ConstValueNode, type: GraphQLInputType): VariableNode => {
      const variable = { kind: Kind.VARIABLE, name: nameOf(`lifted${definitions.length}`) } as const;
      const isNull = node.kind === Kind.NULL;
      const asDefault = !isNull && random.chance(0.3);
      const declared =
        isNonNullType(type) || isNull || asDefault || random.chance(0.5) ? type.toString() : `${type.toString()}!`;
      const definition = { kind: Kind.VARIABLE_DEFINITION, variable, type: parseType(declared) } as const;
      definitions.push(asDefault ? { ...definition, defaultValue: node } : definition);
      if (!asDefault) given[variable.name.value] = valueFromASTUntyped(node);
      return variable;
    };
    const { document } = visited(
      request,
      visitWithTypeInfo(info, {
        enter(node) {
          if (node.kind === Kind.VARIABLE_DEFINITION || isKeptAsWritten(node)) return false;
          if (node.kind === Kind.DIRECTIVE && node.name.value !== 'mark') return false;
          return isConstValueNode(node) && !print(node).includes('$') ? liftedOnce(node) : undefined;
        },
      }),
    );
    return withOperation({ document, variables: given }, (node) => ({
      ...node,
      variableDefinitions: [...(node.variableDefinitions ?? []), ...definitions],
    }));
  },

  'defaults as given values': ({ document, variables }) => {
    const defaults = (operationIn(document).variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue && !NO_JSON.test(print(defaultValue))
        ? [[variable.name.value, valueFromASTUntyped(defaultValue)] as const]
        : [],
    );
    return { document, variables: { ...Object.fromEntries(defaults), ...variables } };
  },

  'one item for a list of it': (request, schema) => {
    const info = new TypeInfo(schema);
    const single = (node: ListValueNode): ValueNode | undefined => {
      const [item] = node.values;
      const isPlain = item && item.kind !== Kind.LIST && item.kind !== Kind.NULL && item.kind !== Kind.VARIABLE;
      const isList = isListType(getNullableType(info.getParentInputType()));
      return isPlain && isList && node.values.length === 1 ? item : undefined;
    };
    return visited(
      request,
      visitWithTypeInfo(info, {
        Argument: (node) => (isKeptAsWritten(node) ? false : undefined),
        ListValue: { leave: single },
      }),
    );
  },
};

/** An argument of which a part cannot be a variable is in the normal form as it is written. */
function isKeptAsWritten(node: ASTNode): boolean {
  return node.kind === Kind.ARGUMENT && NO_JSON.test(print(node));
}
