import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  valueFromASTUntyped,
  type ConstDirectiveNode,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

/** What one definition of the supergraph asks of the caller. All of it must hold. */
export interface Requirement {
  /** `@authenticated` */
  readonly isAuthenticated: boolean;
  /** `@requiresScopes`: all scopes of one of the lists. Empty: none are asked for. */
  readonly scopes: AnyOf;
  /** `@policy`: all policies of one of the lists. Empty: none are asked for. */
  readonly policies: AnyOf;
}

/** Alternatives, each of which holds when all of its names do. */
export type AnyOf = readonly (readonly string[])[];

/** What it takes to see a field of a type, as the directives of the supergraph say; empty when nothing. All must hold. */
export type RequirementsOf = (typeName: string, fieldName: string) => readonly Requirement[];

const NONE: readonly Requirement[] = [];

/**
 * Reads `@authenticated`, `@requiresScopes` and `@policy`, which composition has merged over the subgraphs. A field
 * needs what is asked for itself, for the type that it stands in and for the type that it gives (Apollo Federation,
 * "Access control directives"); a field of an interface also what any type that implements it asks for the field.
 */
export function requirementsOf(schema: GraphQLSchema): RequirementsOf {
  const known = new Map<string, readonly Requirement[]>();

  function read(typeName: string, fieldName: string): readonly Requirement[] {
    const type = schema.getType(typeName);
    if (!isObjectType(type) && !isInterfaceType(type)) return NONE;
    const field = type.getFields()[fieldName];
    if (!field) return NONE;
    const own = [
      requirementOf(type.astNode),
      requirementOf(field.astNode),
      requirementOf(getNamedType(field.type).astNode),
    ];
    const implementing = isInterfaceType(type) ? schema.getPossibleTypes(type) : [];
    return [...own, ...implementing.flatMap((one) => fieldAlone(one, fieldName))].filter((one) => one !== undefined);
  }

  return (typeName, fieldName) => {
    const coordinate = `${typeName}.${fieldName}`;
    const requirements = known.get(coordinate) ?? read(typeName, fieldName);
    known.set(coordinate, requirements);
    return requirements;
  };
}

function fieldAlone(type: GraphQLNamedType, fieldName: string): readonly (Requirement | undefined)[] {
  if (!isObjectType(type)) return [];
  return [requirementOf(type.astNode), requirementOf(type.getFields()[fieldName]?.astNode)];
}

interface Definition {
  readonly directives?: readonly ConstDirectiveNode[] | undefined;
}

/** What the directives of one definition ask for; undefined when nothing. */
export function requirementOf(definition: Definition | null | undefined): Requirement | undefined {
  let isAuthenticated = false;
  let scopes: AnyOf = [];
  let policies: AnyOf = [];
  for (const directive of definition?.directives ?? []) {
    switch (directive.name.value) {
      case 'authenticated':
        isAuthenticated = true;
        break;
      case 'requiresScopes':
        scopes = both(scopes, namesIn(directive, 'scopes'));
        break;
      case 'policy':
        policies = both(policies, namesIn(directive, 'policies'));
        break;
    }
  }
  const asks = isAuthenticated || scopes.length > 0 || policies.length > 0;
  return asks ? { isAuthenticated, scopes, policies } : undefined;
}

/** A list that is empty can never be met: nobody has one of no alternatives. */
function namesIn(directive: ConstDirectiveNode, argument: string): AnyOf {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  const names = value?.kind === Kind.LIST ? (valueFromASTUntyped(value) as AnyOf) : [];
  return names.length > 0 ? names : [[IMPOSSIBLE]];
}

/** No scope or policy has this name. */
const IMPOSSIBLE = '\0';

function both(one: AnyOf, other: AnyOf): AnyOf {
  if (one.length === 0) return other;
  return one.flatMap((names) => other.map((more) => [...names, ...more]));
}
