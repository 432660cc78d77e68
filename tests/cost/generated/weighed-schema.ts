import {
  buildASTSchema,
  isLeafType,
  getNamedType,
  isListType,
  getNullableType,
  Kind,
  parse,
  parseConstValue,
  printSchema,
  visit,
  type ConstDirectiveNode,
  type GraphQLSchema,
} from 'graphql';
import { generatedSchema } from '../../operation/generated/schema.ts';
import { randomOf, type Random } from '../../operation/generated/random.ts';
import { DIRECTIVES } from '../cases/schemas.ts';

/** Sums of these are exact. */
const WEIGHTS = ['-2', '-0.5', '0', '0.5', '1', '3', '10'] as const;

/** A generated schema, with weights and list sizes. Of fields of one name on several types they may differ. */
export function weighedSchema(seed: number): GraphQLSchema {
  const random = randomOf(seed + 1_000);
  const plain = generatedSchema(seed);
  const weighed = visit(parse(`${DIRECTIVES} ${printSchema(plain)}`, { noLocation: true }), {
    ScalarTypeDefinition: (node) => withDirectives(node, random.chance(0.5) ? [cost(random)] : []),
    EnumTypeDefinition: (node) => withDirectives(node, random.chance(0.5) ? [cost(random)] : []),
    DirectiveDefinition: () => false,
    InterfaceTypeDefinition: () => false,
    InputValueDefinition: (node) => withDirectives(node, random.chance(0.3) ? [cost(random)] : []),
    ObjectTypeDefinition: {
      leave(node) {
        const fields = node.fields?.map((field) => {
          const weights = random.chance(0.3) ? [cost(random)] : [];
          return withDirectives(field, [...weights, ...listSize(plain, node.name.value, field.name.value, random)]);
        });
        return withDirectives({ ...node, fields: fields ?? [] }, random.chance(0.4) ? [cost(random)] : []);
      },
    },
  });
  return buildASTSchema(weighed, { assumeValidSDL: true });
}

function withDirectives<T>(node: T, directives: readonly ConstDirectiveNode[]): T {
  return { ...node, directives };
}

function cost(random: Random): ConstDirectiveNode {
  return directive('cost', { weight: random.pick(WEIGHTS) });
}

function listSize(schema: GraphQLSchema, typeName: string, fieldName: string, random: Random) {
  const type = schema.getType(typeName);
  const field = type && 'getFields' in type ? type.getFields()[fieldName] : undefined;
  if (!field || !('args' in field) || random.chance(0.3)) return [];
  const slicing = { x: 'x', n: 'n', list: 'list', in: 'in.a' };
  const slicingArguments = field.args.flatMap(({ name }) => slicing[name as keyof typeof slicing] ?? []);
  const isList = isListType(getNullableType(field.type));
  const named = getNamedType(field.type);
  const within = 'getFields' in named ? Object.values(named.getFields()) : [];
  const sizedFields = within.filter((one) => isListType(getNullableType(one.type))).map(({ name }) => name);
  if (!isList && (sizedFields.length === 0 || isLeafType(named))) return [];
  return [
    directive('listSize', {
      ...(random.chance(0.6) ? { assumedSize: random.int(4) } : {}),
      ...(random.chance(0.7) ? { slicingArguments } : {}),
      ...(!isList || random.chance(0.3) ? { sizedFields: random.some(sizedFields, 0.5) } : {}),
      requireOneSlicingArgument: random.chance(0.5),
    }),
  ];
}

function directive(name: string, values: Readonly<Record<string, unknown>>): ConstDirectiveNode {
  const nameNode = (value: string) => ({ kind: Kind.NAME, value }) as const;
  return {
    kind: Kind.DIRECTIVE,
    name: nameNode(name),
    arguments: Object.entries(values).map(([key, value]) => ({
      kind: Kind.ARGUMENT,
      name: nameNode(key),
      value: parseConstValue(JSON.stringify(value)),
    })),
  };
}
