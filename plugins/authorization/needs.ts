import {
  Kind,
  NoUnusedFragmentsRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  visit,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

/** Policies that decide on data: what each has to know of the object, as a selection on the type. */
export type Needs = ReadonlyMap<string, SelectionSetNode>;

/**
 * Reads what policies need: `ownerId`, or `owner { id } status`. Throws an `Error` that says what is wrong and with
 * which policy.
 */
export function parseNeeds(texts: Readonly<Record<string, string>>): Needs {
  return new Map(Object.entries(texts).map(([policy, text]) => [policy, selectionOf(policy, text)]));
}

function selectionOf(policy: string, text: string): SelectionSetNode {
  const wrong = (why: string, cause?: unknown) =>
    new Error(
      `useAuthorization: needs.${policy} is ${JSON.stringify(text)}: ${why}; it takes fields of the object, such as "owner { id } status"`,
      { cause },
    );
  let selection: SelectionSetNode | undefined;
  try {
    const [definition, ...others] = parse(`{ ${text} }`).definitions;
    if (definition?.kind === Kind.OPERATION_DEFINITION && others.length === 0) selection = definition.selectionSet;
  } catch (error) {
    throw wrong((error as Error).message, error);
  }
  if (!selection) throw wrong('it is more than that');
  visit(selection, {
    FragmentSpread() {
      throw wrong('it has a fragment that is nowhere defined');
    },
    Variable() {
      throw wrong('it has a variable, of which the policy has none');
    },
    Directive() {
      throw wrong('it has a directive');
    },
  });
  if (selection.selections.some(({ kind }) => kind !== Kind.FIELD)) throw wrong('it begins with a fragment');
  return selection;
}

const RULES = specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule);

/** Why a policy cannot have what it needs of the objects of a type; undefined when it can. */
export function unmetNeed(
  schema: GraphQLSchema,
  needed: SelectionSetNode,
  type: GraphQLObjectType,
): string | undefined {
  // To read those is to do something.
  for (const kind of [OperationTypeNode.MUTATION, OperationTypeNode.SUBSCRIPTION]) {
    if (schema.getRootType(kind) === type) return `it cannot be read of ${type.name}`;
  }
  const on = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } } as const;
  const within = { kind: Kind.INLINE_FRAGMENT, typeCondition: on, selectionSet: needed } as const;
  const fragment = {
    kind: Kind.FRAGMENT_DEFINITION,
    name: { kind: Kind.NAME, value: 'Needs' },
    typeCondition: on,
    selectionSet: { kind: Kind.SELECTION_SET, selections: [within] },
  } as const;
  const [error] = validate(schema, { kind: Kind.DOCUMENT, definitions: [fragment] }, RULES);
  return error?.message;
}
