import { Kind, parse, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import { definitionsOf, graphNames, graphOf } from '../supergraph/index.ts';

/** The keys of a type in a subgraph that are made of fields without fields of their own: a list of names for each. */
export type EntityKeys = (service: string, typeName: string) => readonly (readonly string[])[];

/** Reads the keys from the joins of a supergraph. */
export function entityKeys(supergraph: GraphQLSchema): EntityKeys {
  let names: ReadonlyMap<string, string> | undefined;
  return (service, typeName) => {
    names ??= graphNames(definitionsOf(supergraph));
    const keys: (readonly string[])[] = [];
    for (const directive of supergraph.getType(typeName)?.astNode?.directives ?? []) {
      if (directive.name.value !== 'join__type' || names.get(graphOf(directive) ?? '') !== service) continue;
      const key = directive.arguments?.find(({ name }) => name.value === 'key')?.value;
      const fields = key?.kind === Kind.STRING ? plainFields(key.value) : undefined;
      if (fields) keys.push(fields);
    }
    return keys;
  };
}

/** Undefined for a key with fields within fields. */
function plainFields(key: string): readonly string[] | undefined {
  const [definition] = parse(`{${key}}`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return undefined;
  const { selections }: SelectionSetNode = definition.selectionSet;
  const names = selections.flatMap((one) => (one.kind === Kind.FIELD && !one.selectionSet ? one.name.value : []));
  return names.length === selections.length ? names : undefined;
}
