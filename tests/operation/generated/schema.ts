import { buildSchema, type GraphQLSchema } from 'graphql';
import { randomOf, type Random } from './random.ts';

const OBJECTS = ['Ann', 'Bob', 'Cat', 'Dan', 'Eve'] as const;
const INTERFACES = ['Face', 'Grip', 'Hold'] as const;
const UNIONS = ['Unit', 'View'] as const;
const LEAVES = ['Int', 'String', 'ID', 'Float', 'Boolean', 'Color', 'Any'] as const;
const ARGUMENTS = [
  'x: Int',
  'list: [Int!] = [1, 2]',
  'grid: [[Int]]',
  'in: In',
  'ins: [In!]',
  'id: ID!',
  'color: Color = RED',
  'any: Any',
  'ratio: Float',
  'n: Int! = 5',
  'text: String',
] as const;

const FIXED = `
  scalar Any
  enum Color { RED GREEN BLUE }
  input In { a: Int b: [String!] c: In d: Color = RED e: Float! = 1.5 ids: [ID!] any: Any }
  directive @mark(x: Int, y: String) on FIELD | QUERY | MUTATION
  directive @tag on INLINE_FRAGMENT | FRAGMENT_SPREAD | FRAGMENT_DEFINITION
`;

interface FieldPlan {
  readonly name: string;
  readonly named: string;
  /** The type with `T` in place of the named one. */
  readonly wrapper: string;
  readonly args: readonly string[];
}

/** A schema where a name is the same field on every type, but for the object that it is of and the default of `n`. */
export function generatedSchema(seed: number): GraphQLSchema {
  const random = randomOf(seed);
  const composites = [...OBJECTS, ...INTERFACES, ...UNIONS] as const;
  const fields = Array.from({ length: 14 }, (_, index): FieldPlan => {
    const named = index % 2 === 0 ? random.pick(LEAVES) : random.pick(composites);
    const wrapper = random.pick(['T', 'T', 'T!', '[T]', '[T!]!', '[[T]]']);
    return { name: `f${index}`, named, wrapper, args: random.chance(0.5) ? random.some(ARGUMENTS, 0.2) : [] };
  });
  const byInterface = new Map(INTERFACES.map((name) => [name, random.some(fields, 0.3)]));
  const facesOf = new Map(
    OBJECTS.map((name, index) => [name, index < 2 ? [...INTERFACES] : random.some(INTERFACES, 0.4)]),
  );
  const members = new Map(UNIONS.map((name) => [name, random.some(OBJECTS, 0.4)]));

  function possible(named: string): readonly string[] {
    const implementing = OBJECTS.filter((name) => facesOf.get(name)?.some((face) => face === named));
    return implementing.length > 0 ? implementing : (members.get(named as (typeof UNIONS)[number]) ?? []);
  }

  const objects = OBJECTS.map((name) => {
    const faces = facesOf.get(name) ?? [];
    const own = new Set([...faces.flatMap((face) => byInterface.get(face) ?? []), ...random.some(fields, 0.4)]);
    const lines = [...own].map((field) => {
      const exact = random.chance(0.3) ? random.pickAny(possible(field.named)) : undefined;
      return fieldText({ ...field, named: exact ?? field.named }, random);
    });
    return `type ${name} implements ${faces.join(' & ')} { ${lines.join(' ')} }`;
  });
  const interfaces = INTERFACES.map(
    (name) =>
      `interface ${name} { ${(byInterface.get(name) ?? []).map((field) => fieldText(field, random)).join(' ')} }`,
  );
  const unions = UNIONS.map((name) => `union ${name} = ${(members.get(name) ?? []).join(' | ')}`);
  const roots = ['Query', 'Mutation'].map(
    (name) => `type ${name} { ${fields.map((field) => fieldText(field, random)).join(' ')} }`,
  );
  return buildSchema([FIXED, ...roots, ...objects, ...interfaces, ...unions].join('\n'));
}

function fieldText({ name, named, wrapper, args }: FieldPlan, random: Random): string {
  const own = args.map((argument) => (argument.startsWith('n:') ? `n: Int! = ${random.int(3)}` : argument));
  return `${name}${own.length > 0 ? `(${own.join(', ')})` : ''}: ${wrapper.replace('T', named)}`;
}
