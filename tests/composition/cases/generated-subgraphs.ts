import * as fc from 'fast-check';
import type { Subgraph } from '../../../plugins/composition/subgraph.ts';

// Sets of subgraphs that speak of the same few types and differ as teams do: in which fields of a type they have, what
// is nullable, which enum values and union members they know, what they require of each other. Most sets compose.

/** SDL by the subgraph's name. */
export type Sdls = Readonly<Record<string, string>>;

const LINK = 'https://specs.apollo.dev/federation';
const IMPORTS =
  '["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible", "@tag", "@interfaceObject"]';
const VERSIONS = ['v1', 'v2.3', 'v2.7', 'v2.9'] as const;
const ENTITIES = ['Product', 'User'] as const;
const LARGEST_SET = 4;

/** The types a subgraph may give a field: the first promises least, and what follows promises it too. */
const FIELD_TYPES = {
  label: ['String', 'String!'],
  tags: ['[String]', '[String!]', '[String!]!', '[String]!'],
  price: ['Money', 'Money!'],
  related: ['[Product]', '[Product!]', '[Product!]!'],
  owner: ['User'],
  currency: ['Currency', 'Currency!'],
  since: ['Date'],
  results: ['[Result]', '[Result!]'],
  node: ['Node'],
  first: ['Node', 'User', 'User!'],
} as const;
type FieldName = keyof typeof FIELD_TYPES;
const FIELDS = Object.keys(FIELD_TYPES) as FieldName[];

const INPUT_TYPES = {
  text: ['String', 'String!'],
  limit: ['Int', 'Int! = 10'],
  sort: ['Sort', 'Sort!'],
  currency: ['Currency'],
  secret: ['Int @inaccessible'],
} as const;

/** Mostly the first. */
function usually<Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 15, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
}

function keysOf(...sets: readonly (readonly string[])[]): fc.Arbitrary<readonly string[]> {
  return fc.constantFrom(...sets);
}

const index = fc.nat({ max: LARGEST_SET - 1 });

const subgraph = fc.record({
  version: fc.constantFrom(...VERSIONS),
  rootName: usually('Query', 'RootQuery'),
  keyword: usually('type', 'extend type'),
  keys: fc.record({
    Product: keysOf(['id'], ['id'], ['id', 'sku'], ['sku id', 'id']),
    User: keysOf(['id'], ['id', 'name'], ['id', 'account { number }']),
  }),
  resolvable: usually(true, false),
  fields: fc.array(
    fc.record({
      of: fc.constantFrom(...ENTITIES),
      name: fc.constantFrom(...FIELDS),
      type: fc.nat({ max: 3 }),
      shareable: usually('@shareable', ''),
      applied: usually('', '@deprecated(reason: "old")', '@tag(name: "t")', '@inaccessible'),
      description: usually('', '"said of it"', '"said otherwise"'),
    }),
    { maxLength: 5 },
  ),
  currencies: usually('EUR USD', 'USD EUR', 'EUR USD GBP', 'EUR'),
  sorts: usually('UP DOWN', 'DOWN', 'UP ANY', 'OTHER', 'UP DOWN HIDDEN @inaccessible'),
  members: fc.subarray(['Product', 'User', 'Money', 'Secret'], { minLength: 1 }),
  filter: fc.record({
    text: usually<0 | 1 | undefined>(0, 1, undefined),
    limit: usually<0 | 1 | undefined>(1, 0, undefined),
    sort: usually<0 | undefined>(0, undefined),
    currency: usually<0 | undefined>(undefined, 0),
    secret: usually<0 | undefined>(undefined, 0),
  }),
  moneyCurrency: fc.constantFrom('Currency', 'Currency!'),
  roots: fc.subarray([
    'search%: [Result]',
    'found%: [Result!]!',
    'version: String',
    'nodes: [Node!]',
    'nodes: [Product]',
    'first: Money',
    'first: Result',
    'top: [Product!]',
  ]),
  short: usually('', '(short: Boolean)', '(short: Boolean @inaccessible)', '(short: Boolean = true)'),
  argument: usually('(first: Int = 10)', '', '(first: Int!)', '(filter: Filter, first: Int = 10)', '(in: [Sort!])'),
  mutates: fc.boolean(),
});
type SubgraphModel = typeof subgraph extends fc.Arbitrary<infer Value> ? Value : never;

const world = fc.record({
  subgraphs: fc.array(subgraph, { minLength: 1, maxLength: LARGEST_SET }),
  /** Fields of the interface that both entities implement, with the type that it gives them. */
  node: fc.uniqueArray(fc.tuple(fc.constantFrom('label' as const, 'tags' as const), usually(0, 1, 2)), {
    selector: ([name]) => name,
    maxLength: 2,
  }),
  /** The subgraph that has that interface as an object, if there is such a subgraph. */
  interfaceObject: fc.option(index),
  requires: fc.array(
    fc.record({
      by: index,
      from: index,
      selection: fc.constantFrom('label', 'price { amount }', 'currency', 'node { id }', 'related { id label }'),
    }),
    { maxLength: 2 },
  ),
  override: fc.option(
    fc.record({
      by: index,
      from: index,
      name: fc.constantFrom('label', 'since'),
      label: usually('', ', label: "percent(5)"'),
    }),
  ),
});
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;

export const subgraphSets: fc.Arbitrary<Sdls> = world.map((model) =>
  Object.fromEntries(model.subgraphs.map((one, at) => [`s${at}`, sdlOf(at, one, within(model))])),
);

/** What speaks of a subgraph speaks of one that exists. */
function within(model: World): World {
  const wrapped = <Link extends { by: number; from: number }>(link: Link): Link => ({
    ...link,
    by: link.by % model.subgraphs.length,
    from: link.from % model.subgraphs.length,
  });
  return { ...model, requires: model.requires.map(wrapped), override: model.override && wrapped(model.override) };
}

/** The lines of each entity, by field. */
type Entities = Record<(typeof ENTITIES)[number], Map<string, string>>;

function sdlOf(at: number, model: SubgraphModel, whole: World): string {
  const { node, interfaceObject, requires, override } = whole;
  const isFirst = model.version === 'v1';
  if (interfaceObject === at && !isFirst) return interfaceObjectSdl(at, model, node);
  const shared = isFirst ? '' : '@shareable';
  const entities = entitiesOf(model, shared);
  for (const [name, type] of node) {
    for (const fields of Object.values(entities)) fields.set(name, `${lineOf(name, type, model)} ${shared}`);
  }
  for (const { by, from, selection } of requires) {
    const name = selection.split(' ')[0] as FieldName;
    if (from === at && by !== at) entities.Product.set(name, `${lineOf(name, 0, model)} ${shared}`);
    if (by !== at || from === at) continue;
    entities.Product.set(name, `${lineOf(name, 0, model)} @external`);
    entities.Product.set(`by_${name}`, `by_${name}: Int @requires(fields: "${selection}") ${shared}`);
  }
  if (override && override.by !== override.from) {
    const { by, from, name, label } = override;
    if (from === at) entities.User.set(name, `${lineOf(name, 0, model)} ${shared}`);
    const applied = isFirst ? '' : `@override(from: "s${from}"${model.version === 'v2.3' ? '' : label})`;
    if (by === at) entities.User.set(name, `${lineOf(name, 0, model)} ${applied} ${shared}`);
  }
  const fieldsOfNode = node.map(([name, type]) => lineOf(name, type, model));
  return [
    linkOf(model),
    ...rootsOf(`s${at}`, model, shared),
    ...ENTITIES.map((name) => entitySdl(name, model, entities)),
    `interface Node ${isFirst ? '' : '@key(fields: "id")'} { id: ID! ${fieldsOfNode.join(' ')} }`,
    `type Money ${shared} { amount: Int! currency: ${model.moneyCurrency} }`,
    `type Account ${shared} { number: Int! }`,
    `type Secret ${without('@inaccessible', model.version)} ${shared} { number: Int }`,
    `enum Currency { ${model.currencies} } enum Sort { ${without(model.sorts, model.version)} }`,
    `input Filter { ${without(filterOf(model), model.version)} }`,
    `union Result = ${model.members.join(' | ')} scalar Date`,
  ].join('\n');
}

/** A subgraph that knows nothing of what implements the interface. */
function interfaceObjectSdl(at: number, model: SubgraphModel, node: World['node']): string {
  const required = node
    .slice(0, 1)
    .map(([name, type]) => `${lineOf(name, type, model)} @external by${at}: Int @requires(fields: "${name}")`);
  return [
    linkOf(model),
    `type Query { s${at}Nodes: [Node!] s${at}Node(id: ID!): Node }`,
    `type Node @interfaceObject @key(fields: "id") { id: ID! of${at}${without(model.short, model.version)}: Money ${required.join(' ')} }`,
    'type Money @shareable { amount: Int! currency: Currency } enum Currency { EUR USD }',
  ].join('\n');
}

function linkOf({ version }: SubgraphModel): string {
  return version === 'v1' ? '' : `extend schema @link(url: "${LINK}/${version}", import: ${IMPORTS})`;
}

function entitiesOf(model: SubgraphModel, shared: string): Entities {
  const { keys, fields, version } = model;
  const entities: Entities = { Product: new Map(), User: new Map() };
  for (const { of, name, type, shareable, applied, description } of fields) {
    const marks = version === 'v1' ? without(applied, version) : `${applied} ${shareable}`;
    entities[of].set(name, `${description} ${lineOf(name, type, model)} ${marks}`);
  }
  for (const name of ENTITIES) {
    entities[name].set('id', `id: ID! ${shared}`);
    if (keys[name].some((key) => key.includes('sku'))) entities[name].set('sku', `sku: Int! ${shared}`);
    if (keys[name].includes('name')) entities[name].set('name', `name: Int! ${shared}`);
    if (keys[name].some((key) => key.includes('account'))) entities[name].set('account', `account: Account ${shared}`);
  }
  return entities;
}

function entitySdl(name: 'Product' | 'User', model: SubgraphModel, entities: Entities): string {
  const { keys, resolvable, version, keyword } = model;
  const applied = keys[name].map(
    (key) => `@key(fields: "${key}"${resolvable || version === 'v1' || key === 'id' ? '' : ', resolvable: false'})`,
  );
  return `${keyword} ${name} implements Node ${applied.join(' ')} {\n${[...entities[name].values()].join('\n')}\n}`;
}

function rootsOf(name: string, model: SubgraphModel, shared: string): string[] {
  const { rootName, roots, argument, mutates } = model;
  const own = `${name}Product: Product ${name}User(id: ID!): User`;
  const common = roots.map((root) => `${root.replace('%', argument)} ${shared}`);
  const distinct = common.filter(
    (root, at) => common.findIndex((one) => one.split(':')[0] === root.split(':')[0]) === at,
  );
  return [
    rootName === 'Query' ? '' : `schema { query: ${rootName} ${mutates ? 'mutation: Mutation' : ''} }`,
    `type ${rootName} { ${own} ${distinct.join(' ')} }`,
    mutates ? `type Mutation { ${name}Set(sort: Sort, filter: Filter): Money }` : '',
  ];
}

function filterOf({ filter }: SubgraphModel): string {
  const fields = (Object.keys(INPUT_TYPES) as (keyof typeof INPUT_TYPES)[]).flatMap((name) => {
    const type = filter[name];
    return type === undefined ? [] : [`${name}: ${INPUT_TYPES[name][type]}`];
  });
  return ['always: Int', ...fields].join(' ');
}

function lineOf(name: FieldName, type: number, { short, version }: SubgraphModel): string {
  const types: readonly string[] = FIELD_TYPES[name];
  const args = name === 'label' || name === 'first' ? without(short, version) : '';
  return `${name}${args}: ${types[type % types.length]}`;
}

/** Federation 1 knows no `@inaccessible`. */
function without(sdl: string, version: SubgraphModel['version']): string {
  return version === 'v1' ? sdl.replaceAll(/@inaccessible|@tag\(.*?\)/g, '') : sdl;
}

export function toSubgraphs(sdls: Sdls): Subgraph[] {
  return Object.entries(sdls).map(([name, text]) => ({
    name,
    url: `http://${name}.test/graphql`,
    schema: { kind: 'sdl', text },
  }));
}
