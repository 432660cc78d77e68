import {
  doTypesOverlap,
  getNamedType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
  parse,
  validate,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql';
import { randomOf, type Random } from './random.ts';
import type { Request } from './request.ts';
import { jsonFor, literalFor } from './values.ts';

/** A valid operation on a schema; `size` 1 is small, 4 is large. */
export function generatedRequest(schema: GraphQLSchema, seed: number, size: number): Request {
  for (let attempt = 0; ; attempt++) {
    const { text, variables } = requestOf(schema, randomOf(seed + attempt * 7_919), size);
    const document = parse(text);
    if (validate(schema, document).length === 0) return { document, variables };
    if (attempt > 50) throw new Error(`No valid operation of seed ${seed}: ${text}`);
  }
}

interface Fragment {
  readonly name: string;
  readonly type: GraphQLCompositeType;
  readonly text: string;
}

function requestOf(schema: GraphQLSchema, random: Random, size: number) {
  const declarations = new Map<string, string>();
  const variables: Record<string, unknown> = {};
  const fragments: Fragment[] = [];
  /** The same response key has the same arguments wherever it stands. */
  const argumentTexts = new Map<string, string>();
  const composites = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLCompositeType => isCompositeType(type) && !type.name.startsWith('__'),
  );

  function selection(type: GraphQLCompositeType, depth: number): string {
    const items = Array.from({ length: 1 + random.int(size + 1) }, () => item(type, depth));
    return `{ ${items.join(' ')} }`;
  }

  function item(type: GraphQLCompositeType, depth: number): string {
    if (depth > 0 && random.chance(0.3)) return fragmentItem(type, depth);
    const names = 'getFields' in type ? Object.keys(type.getFields()) : [];
    const name = random.chance(0.9) ? random.pickAny(names) : undefined;
    const field = name !== undefined && 'getFields' in type ? type.getFields()[name] : undefined;
    const named = getNamedType(field?.type);
    if (!field || !named || (isCompositeType(named) && depth === 0)) return `__typename${directives()}`;
    const key = random.pick([field.name, field.name, `a_${field.name}`, `b_${field.name}`]);
    const args = argumentTexts.get(key) ?? argumentsText(field.args);
    argumentTexts.set(key, args);
    const within = isCompositeType(named) ? selection(named, depth - 1) : '';
    return `${key === field.name ? '' : `${key}: `}${field.name}${args}${mark()}${directives()} ${within}`;
  }

  function fragmentItem(type: GraphQLCompositeType, depth: number): string {
    const overlapping = composites.filter((one) => doTypesOverlap(schema, one, type));
    const condition = random.pickAny(overlapping) ?? type;
    if (random.chance(0.5)) {
      const on = random.chance(0.2) ? type : condition;
      const conditionText = on === type && random.chance(0.5) ? '' : ` on ${on.name}`;
      return `...${conditionText}${directives()} ${selection(on, depth - 1)}`;
    }
    const again = random.chance(0.5) ? fragments.filter((one) => overlapping.includes(one.type)) : [];
    return `...${(random.pickAny(again) ?? fragment(condition, depth)).name}${directives()}`;
  }

  function fragment(type: GraphQLCompositeType, depth: number): Fragment {
    const text = selection(type, depth - 1);
    const made = { name: `F${fragments.length}`, type, text };
    fragments.push(made);
    return made;
  }

  function mark(): string {
    return random.chance(0.05) ? ` @mark(y: "m", x: ${random.int(2)})` : '';
  }

  function directives(): string {
    if (random.chance(0.75)) return '';
    const name = random.pick(['skip', 'include']);
    return ` @${name}(if: ${random.chance(0.3) ? random.chance(name === 'include' ? 0.7 : 0.3) : decided()})`;
  }

  function decided(): string {
    const name = random.pick(['p', 'q', 'r']);
    if (!declarations.has(name)) {
      const mustBeGiven = random.chance(0.5);
      declarations.set(name, mustBeGiven ? 'Boolean!' : `Boolean = ${random.chance(0.5)}`);
      if (mustBeGiven || random.chance(0.5)) variables[name] = random.chance(0.5);
    }
    return `$${name}`;
  }

  function argumentsText(args: readonly GraphQLArgument[]): string {
    const given = args.filter((argument) => isRequired(argument) || random.chance(0.7));
    const texts = given.map(({ name, type, defaultValue }) => `${name}: ${value(type, defaultValue !== undefined)}`);
    return texts.length > 0 ? `(${texts.toSorted(() => random.next() - 0.5).join(', ')})` : '';
  }

  /** `hasDefault`: where it stands, so that a variable without a value may stand there. */
  function value(type: GraphQLInputType, hasDefault: boolean, depth = 2): string {
    if (random.chance(0.3)) return variable(type, hasDefault);
    if (!isNonNullType(type) && random.chance(0.1)) return 'null';
    const nullable = isNonNullType(type) ? type.ofType : type;
    if (isListType(nullable)) {
      if (random.chance(0.2)) return literalFor(nullable.ofType, random, depth);
      const items = Array.from({ length: random.int(3) }, () => value(nullable.ofType, false, depth - 1));
      return `[${items.join(', ')}]`;
    }
    if (isInputObjectType(nullable)) {
      const fields = Object.values(nullable.getFields()).filter(
        (field) => random.chance(0.4) && (depth > 0 || !isInputObjectType(getNamedType(field.type))),
      );
      const texts = fields.map((field) => {
        return `${field.name}: ${value(field.type, field.defaultValue !== undefined, depth - 1)}`;
      });
      return `{ ${texts.toSorted(() => random.next() - 0.5).join(', ')} }`;
    }
    return literalFor(nullable, random, depth);
  }

  function variable(type: GraphQLInputType, hasDefault: boolean): string {
    const name = `v${declarations.size}`;
    const nullable = isNonNullType(type) ? type.ofType : type;
    const isOptional = !isNonNullType(type) || hasDefault;
    const given = jsonFor(nullable, random);
    if (isOptional && random.chance(0.3)) {
      declarations.set(name, String(nullable));
      if (random.chance(0.6)) variables[name] = isNonNullType(type) || random.chance(0.8) ? given : null;
    } else if (random.chance(0.4)) {
      declarations.set(name, `${String(nullable)} = ${literalFor(nullable, random, 1)}`);
      if (random.chance(0.5)) variables[name] = given;
    } else {
      declarations.set(name, `${String(nullable)}!`);
      variables[name] = given;
    }
    return `$${name}`;
  }

  const kind = random.pick(['query', 'query', 'query', 'mutation']);
  const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType();
  if (!root) throw new Error('no root type');
  const body = selection(root, size);
  const meta = kind === 'query' && random.chance(0.1) ? body.replace(/}$/, '__schema { queryType { name } } }') : body;
  const declared = [...declarations].map(([name, type]) => `$${name}: ${type}`);
  const operation = `${kind} Op${declared.length > 0 ? `(${declared.join(', ')})` : ''}${mark()} ${meta}`;
  const spread = fragments.map(({ name, type, text }) => `fragment ${name} on ${type.name} ${text}`);
  return { text: [operation, ...spread].join('\n'), variables };
}

function isRequired({ type, defaultValue }: GraphQLArgument): boolean {
  return isNonNullType(type) && defaultValue === undefined;
}
