import {
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { isObject } from '../upstream/json-object.ts';

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/**
 * What is selected of a message, as a subgraph would answer it: under response keys, null where the message has nothing.
 * An object of an abstract type has to say of which it is (`__typename`); of one that does not, nothing is known.
 */
export function selectedOf(
  schema: GraphQLSchema,
  fragments: Fragments,
  selectionSet: SelectionSetNode | undefined,
  outputType: GraphQLOutputType,
  value: unknown,
): unknown {
  const type = getNullableType(outputType);
  if (value === undefined || value === null) return null;
  if (isListType(type)) {
    const of = type.ofType;
    return Array.isArray(value) ? value.map((item) => selectedOf(schema, fragments, selectionSet, of, item)) : null;
  }
  if (!selectionSet || !isCompositeType(type)) return value;
  const objectType = isObject(value) ? typeOf(schema, type, value) : undefined;
  if (!isObject(value) || !objectType) return null;
  const selected: [key: string, value: unknown][] = [];
  select(selectionSet);
  return Object.fromEntries(selected);

  function select(set: SelectionSetNode): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const { name, alias, selectionSet: within } = selection;
        const key = alias?.value ?? name.value;
        selected.push([key, fieldOf(name.value, within)]);
        continue;
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (fragment && applies(fragment.typeCondition?.name.value)) select(fragment.selectionSet);
    }
  }

  function fieldOf(name: string, within: SelectionSetNode | undefined): unknown {
    if (name === '__typename') return objectType?.name;
    const field = objectType?.getFields()[name];
    const given = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    return field ? selectedOf(schema, fragments, within, field.type, given) : null;
  }

  function applies(condition: string | undefined): boolean {
    if (condition === undefined || condition === objectType?.name) return true;
    const conditional = schema.getType(condition);
    return isAbstractType(conditional) && objectType !== undefined && schema.isSubType(conditional, objectType);
  }
}

function typeOf(
  schema: GraphQLSchema,
  type: GraphQLCompositeType,
  value: Readonly<Record<string, unknown>>,
): GraphQLObjectType | undefined {
  const named = typeof value['__typename'] === 'string' ? schema.getType(value['__typename']) : type;
  if (!isObjectType(named)) return undefined;
  if (named === type) return named;
  return (isInterfaceType(type) || isAbstractType(type)) && schema.isSubType(type, named) ? named : undefined;
}
