import {
  isInterfaceType,
  isObjectType,
  valueFromASTUntyped,
  type ConstDirectiveNode,
  type GraphQLSchema,
} from 'graphql';
import picomatch from 'picomatch';
import {
  problemOf,
  resolveFieldLimit,
  type FieldLimit,
  type FieldLimitArguments,
  type ResolvedFieldLimit,
} from './field-limit.ts';

/** The limits of a field of an object type or an interface. All of them hold. */
export type SchemaLimits = ReadonlyMap<string, readonly ResolvedFieldLimit[]>;

/** Told of directives that are not as they should be: what is wrong with them counts as not said. */
export type DirectiveWitness = (coordinate: string, problem: string) => void;

const DIRECTIVE = /(?:^|__)rateLimit$/;

/** By `Type.field`: what its directives say, and what options say of it. */
export function schemaLimits(
  schema: GraphQLSchema,
  options: readonly FieldLimit[],
  witness: DirectiveWitness,
): SchemaLimits {
  const configured = options.map((limit) => ({
    limit,
    isType: picomatch(limit.type),
    isField: picomatch(limit.field),
  }));
  const limits = new Map<string, readonly ResolvedFieldLimit[]>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!(isObjectType(type) || isInterfaceType(type)) || type.name.startsWith('__')) continue;
    for (const [name, { astNode }] of Object.entries(type.getFields())) {
      const coordinate = `${type.name}.${name}`;
      const said = (astNode?.directives ?? []).filter((directive) => DIRECTIVE.test(directive.name.value)).map(read);
      for (const one of said) {
        const problem = problemOf(one);
        if (problem !== undefined) witness(coordinate, problem);
      }
      const given = configured.filter(({ isType, isField }) => isType(type.name) && isField(name));
      if (said.length + given.length === 0) continue;
      limits.set(coordinate, [
        ...said.map((one, at) => resolveFieldLimit(coordinate, at, one, 'principal')),
        ...given.map(({ limit }, at) =>
          resolveFieldLimit(coordinate, said.length + at, limit, limit.scope ?? 'principal'),
        ),
      ]);
    }
  }
  return limits;
}

/** Throws an `Error` that names the option that is wrong. */
export function checkFieldLimits(options: readonly FieldLimit[]): void {
  for (const [index, limit] of options.entries()) {
    if (!limit.type || !limit.field) throw new Error(`useLimits: fields[${index}] takes a type and a field`);
    const problem = problemOf(limit);
    if (problem !== undefined) throw new Error(`useLimits: fields[${index}].${problem}`);
  }
}

function read({ arguments: args = [] }: ConstDirectiveNode): FieldLimitArguments {
  return Object.fromEntries(args.map(({ name, value }) => [name.value, valueFromASTUntyped(value) ?? undefined]));
}
