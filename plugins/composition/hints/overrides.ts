import type { FieldDefinitionNode } from 'graphql';
import type { TypeDefinition } from '../conflicts/definitions.ts';
import { stringArgument } from '../conflicts/links.ts';
import type { Hint } from '../hints.ts';
import { similarNames } from './similar-names.ts';
import { isExternal, typesOfKind, type Said, type SubgraphSchema } from './subgraph-schema.ts';

interface Override {
  readonly typeName: string;
  readonly coordinate: string;
  readonly field: FieldDefinitionNode;
  /** The subgraph that takes the field over. */
  readonly by: SubgraphSchema;
  readonly from: string;
  /** Set while the migration is progressive. */
  readonly label: string | undefined;
}

/** Where an `@override` points nowhere, has nothing to take over, or has done its work. */
export function overrideHints(schemas: readonly SubgraphSchema[]): Hint[] {
  return [...typesOfKind(schemas, 'object')]
    .flatMap(([typeName, definitions]) => definitions.flatMap((said) => overridesOf(typeName, said)))
    .flatMap((override) => hintsOf(override, schemas));
}

function overridesOf(typeName: string, { subgraph, what: type }: Said<TypeDefinition>): Override[] {
  return [...type.fields.values()].flatMap((field) =>
    subgraph.federation(field.directives, 'override').flatMap((directive) => {
      const from = stringArgument(directive, 'from');
      if (from === undefined) return [];
      const coordinate = `${typeName}.${field.name.value}`;
      return [{ typeName, coordinate, field, by: subgraph, from, label: stringArgument(directive, 'label') }];
    }),
  );
}

function hintsOf(override: Override, schemas: readonly SubgraphSchema[]): Hint[] {
  const { typeName, coordinate, field, by, from, label } = override;
  const hint = (code: string, message: string, subgraphs: readonly string[]): Hint[] => [
    { code, message, subgraphs, coordinates: [coordinate] },
  ];

  const source = schemas.find(({ name }) => name === from);
  if (!source) {
    const similar = similarNames(
      from,
      schemas.map(({ name }) => name).filter((name) => name !== by.name),
    );
    const question = similar.length > 0 ? ` Did you mean ${similar.map((name) => `"${name}"`).join(' or ')}?` : '';
    const message = `"${coordinate}" of subgraph "${by.name}" overrides subgraph "${from}", which does not exist.${question}`;
    return hint('FROM_SUBGRAPH_DOES_NOT_EXIST', message, [by.name]);
  }

  const type = source.types.get(typeName);
  const overridden = type?.fields.get(field.name.value);
  if (!type || !overridden || isExternal(source, type, overridden)) {
    const reason = overridden ? 'has it as @external only' : 'does not define it';
    const message = `"${coordinate}" of subgraph "${by.name}" overrides subgraph "${from}", which ${reason}. The @override can be removed.`;
    return hint('OVERRIDE_DIRECTIVE_CAN_BE_REMOVED', message, [by.name, from]);
  }
  // From a field that overrides, too, or from itself: OVERRIDE_SOURCE_HAS_OVERRIDE, OVERRIDE_FROM_SELF_ERROR.
  if (source.federation(overridden.directives, 'override').length > 0) return [];

  if (label !== undefined) {
    const message = `"${coordinate}" is moving from subgraph "${from}" to "${by.name}" (label "${label}"). When that is done, remove the label, then the field from "${from}".`;
    return hint('OVERRIDE_MIGRATION_IN_PROGRESS', message, [by.name, from]);
  }
  const advice = isNeeded(override, type, source)
    ? `It is still needed there by a @key, @requires, @provides or interface: mark it @external, or remove it along with those.`
    : 'It can be removed there.';
  const message = `"${coordinate}" of subgraph "${from}" is overridden by subgraph "${by.name}" and no longer asked for. ${advice}`;
  return hint('OVERRIDDEN_FIELD_CAN_BE_REMOVED', message, [by.name, from]);
}

/** Whether the source would not be valid, or not resolve its entities, without the field. May say yes too often. */
function isNeeded({ field }: Override, type: TypeDefinition, source: SubgraphSchema): boolean {
  const name = field.name.value;
  if ([...type.interfaces].some((one) => source.types.get(one)?.fields.has(name))) return true;
  const applied = [...source.types.values()].flatMap((one) => [
    ...source.federation(one.directives, 'key'),
    ...[...one.fields.values()].flatMap(({ directives }) => [
      ...source.federation(directives, 'requires'),
      ...source.federation(directives, 'provides'),
    ]),
  ]);
  return applied.some((directive) => stringArgument(directive, 'fields')?.match(/\w+/g)?.includes(name));
}
