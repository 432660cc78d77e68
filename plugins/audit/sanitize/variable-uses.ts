import {
  isInputObjectType,
  getNamedType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { SensitiveSchema } from './sensitive-schema.ts';

/** A place where a variable's value goes. */
export interface VariableUse {
  /** Schema coordinate of the argument or input field that takes it: `Query.product(upc:)`, `ProductInput.sku`. */
  readonly coordinate: string;
  /** Of that one and of those around it. */
  readonly names: readonly string[];
  /** It, or something around it, is sensitive. */
  readonly isSensitive: boolean;
}

/**
 * Where the variables of an operation go. Fragments of other operations in the document count as well, which can only
 * make it stricter.
 */
export function variableUses(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  sensitive: SensitiveSchema,
): ReadonlyMap<string, readonly VariableUse[]> {
  const uses = new Map<string, VariableUse[]>();
  const around: VariableUse[] = [];
  const types = new TypeInfo(schema);

  function enter(name: string, coordinate: string, isSensitive: boolean): void {
    const outer = around.at(-1);
    around.push({
      coordinate,
      names: [...(outer?.names ?? []), name],
      isSensitive: isSensitive || (outer?.isSensitive ?? false),
    });
  }

  const visitor = visitWithTypeInfo(types, {
    [Kind.VARIABLE_DEFINITION]: () => false,
    [Kind.ARGUMENT]: {
      enter({ name: { value: name } }) {
        const directive = types.getDirective();
        if (directive) return enter(name, `@${directive.name}(${name}:)`, false);
        const type = types.getParentType()?.name ?? '';
        const field = types.getFieldDef()?.name ?? '';
        return enter(name, `${type}.${field}(${name}:)`, sensitive.isArgument(type, field, name));
      },
      leave: () => void around.pop(),
    },
    [Kind.OBJECT_FIELD]: {
      enter({ name: { value: name } }) {
        const type = getNamedType(types.getParentInputType());
        const field = isInputObjectType(type) ? type.getFields()[name] : undefined;
        // Within a scalar of the schema's own, what takes it is the scalar.
        if (!type || !field) return enter(name, around.at(-1)?.coordinate ?? '', false);
        return enter(name, `${type.name}.${name}`, sensitive.isInputField(field));
      },
      leave: () => void around.pop(),
    },
    [Kind.VARIABLE]({ name: { value: name } }) {
      const use = around.at(-1);
      if (!use) return;
      const known = uses.get(name);
      if (known) known.push(use);
      else uses.set(name, [use]);
    },
  });

  visit(operation, visitor);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) visit(definition, visitor);
  }
  return uses;
}
