import fc from 'fast-check';
import {
  buildSchema,
  execute,
  getNamedType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  print,
  visit,
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLOutputType,
  type OperationDefinitionNode,
} from 'graphql';
import { expect, test } from 'vitest';
import { completeResponse } from '../../plugins/execution/complete.ts';
import { fetchFailures } from '../../plugins/execution/fetch-failures.ts';
import type { Withheld } from '../../plugins/request-context.ts';
import type { JsonObject, JsonValue } from '../../plugins/execution/json.ts';
import { operationCompiler } from '../../plugins/execution/operation.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);

const schema = buildSchema(`
  type Query { node: Node nodes: [Node!]! search: [Result] user: User! users: [[User!]!] count: Int! names: [String!] }
  interface Node { id: ID! owner: User }
  type User implements Node { id: ID! owner: User name: String! friends: [User!] best: User! kind: Kind tags: [String] }
  type Post implements Node { id: ID! owner: User title: String likes: Int! author: User! }
  union Result = User | Post
  enum Kind { A B }
`);
const compile = operationCompiler(schema);

/** A selection set for a type: fields, aliases, fragments with and without conditions, and what variables decide. */
function selection(type: GraphQLCompositeType, depth: number): fc.Arbitrary<string> {
  const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
  const directive = fc.constantFrom(
    '',
    '',
    '',
    ' @include(if: $yes)',
    ' @skip(if: $yes)',
    ' @include(if: $no)',
    ' @skip(if: true)',
  );
  const field = fields
    .filter((one) => depth > 0 || isLeafType(getNamedType(one.type)))
    .map((one) => {
      const named = getNamedType(one.type);
      const alias = fc.constantFrom('', '', `a_${one.name}: `, `b_${one.name}: `);
      const within = isLeafType(named) ? fc.constant('') : selection(named as GraphQLCompositeType, depth - 1);
      return fc.tuple(alias, directive, within).map(([a, d, w]) => `${a}${one.name}${d}${w}`);
    });
  const possible = isAbstractType(type) ? [...schema.getPossibleTypes(type)] : [];
  const conditions = [type, ...possible, ...(isObjectType(type) ? type.getInterfaces() : [])];
  const fragment =
    depth > 0
      ? conditions.map((condition) =>
          fc.tuple(directive, selection(condition, depth - 1)).map(([d, w]) => `... on ${condition.name}${d}${w}`),
        )
      : [];
  const one = fc.oneof(fc.constant('__typename'), fc.constant('t: __typename'), ...field, ...field, ...fragment);
  return fc.array(one, { minLength: 1, maxLength: 4 }).map((selections) => ` { ${selections.join(' ')} }`);
}

/** Data for a document as subgraphs would give it, under response keys, with a null wherever chance wants one. */
function dataFor(
  type: GraphQLOutputType,
  sets: readonly OperationDefinitionNode['selectionSet'][],
  toss: () => number,
): JsonValue {
  if (isNonNullType(type)) return toss() < 0.03 ? null : dataFor(type.ofType, sets, toss);
  if (toss() < 0.1) return null;
  if (isListType(type)) return Array.from({ length: Math.floor(toss() * 4) }, () => dataFor(type.ofType, sets, toss));
  if (isLeafType(type)) return { Int: 7, Kind: 'A' }[type.name] ?? 'text';
  const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
  const runtime = possible[Math.floor(toss() * possible.length)] ?? possible[0];
  if (!isObjectType(runtime)) return null;
  const keys = new Map<string, { name: string; sets: OperationDefinitionNode['selectionSet'][] }>();
  const collect = (set: OperationDefinitionNode['selectionSet']) => {
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) {
        const known = keys.get(node.alias?.value ?? node.name.value) ?? { name: node.name.value, sets: [] };
        if (node.selectionSet) known.sets.push(node.selectionSet);
        keys.set(node.alias?.value ?? node.name.value, known);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        const condition = node.typeCondition && schema.getType(node.typeCondition.name.value);
        if (
          !condition ||
          condition === runtime ||
          (isAbstractType(condition) && schema.isSubType(condition, runtime))
        ) {
          collect(node.selectionSet);
        }
      }
    }
  };
  sets.forEach(collect);
  const object: JsonObject = { __typename: runtime.name };
  for (const [key, { name, sets: within }] of keys) {
    if (name === '__typename') continue;
    const field = runtime.getFields()[name];
    if (field) object[key] = dataFor(field.type, within, toss);
  }
  return object;
}

/** Whether something above the place is null. */
function isWithinNull(data: unknown, path: readonly (string | number)[]): boolean {
  let value = data;
  for (const key of path.slice(0, -1)) {
    if (value === null) return true;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value === null;
}

const queryType = schema.getQueryType();
if (!queryType) throw new Error('no query type');
const documents = selection(queryType, 3).map((set) => `query ($yes: Boolean = true, $no: Boolean = false)${set}`);

/** Some of a document's fields, withheld. Nothing is asked here, so what is asked for instead does not matter. */
function withhold(document: DocumentNode, isChosen: () => boolean): Withheld {
  const fields = new Set<FieldNode>();
  visit(document, {
    Field(node) {
      if (node.name.value !== '__typename' && isChosen()) fields.add(node);
    },
  });
  return { document: { ...document }, fields, code: 'WITHHELD', message: 'You may not see this.' };
}

test.each([
  ['nothing is withheld', 0],
  ['fields are withheld, as if their resolvers had thrown', 0.15],
  ['half of the fields are withheld', 0.5],
])('data, nulls and the paths of errors are those of graphql-js, whatever is null wherever: %s', (_, share) => {
  fc.assert(
    fc.property(
      documents,
      fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (text, stream) => {
        const document = parse(text);
        const tosses = stream[Symbol.iterator]();
        const toss = () => tosses.next().value ?? 0;
        const withheld = withhold(document, () => toss() < share);
        const operation = compile(document, undefined, withheld);
        const definition = document.definitions[0];
        if (!operation || definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`not compiled: ${text}`);
        const data = dataFor(queryType, [definition.selectionSet], toss) as JsonObject | null;
        const raw = data ?? {};
        const variables = { yes: true, no: false };

        const { data: completed, errors } = completeResponse({
          schema,
          shape: operation.shape,
          data: raw,
          variables,
          failures: fetchFailures(),
          ownerOf: () => 'items',
          withheld,
        });

        const reference = execute({
          schema,
          document,
          rootValue: raw,
          fieldResolver(source, _args, _context, info) {
            if (info.fieldNodes.every((node) => withheld.fields.has(node))) throw new Error(withheld.message);
            return (source as JsonObject)[info.path.key] ?? null;
          },
          typeResolver: (value) => (value as { __typename: string }).__typename,
        });
        if (reference instanceof Promise) throw new Error('graphql-js went asynchronous');
        expect(JSON.stringify(completed), print(document)).toBe(JSON.stringify(reference.data));
        const expected = new Set(reference.errors?.map(({ path }) => path?.join('.')));
        const told = errors.map(({ path }) => path ?? []);
        // graphql-js ends an object at its first null that bubbles; what else is wrong within it is told here too.
        const visible = told.filter((path) => !isWithinNull(completed, path));
        expect(told.map((path) => path.join('.'))).toEqual(expect.arrayContaining([...expected]));
        for (const path of visible) expect(expected, print(document)).toContain(path.join('.'));
        const forbidden = errors.filter(({ message }) => message === withheld.message);
        for (const { extensions } of forbidden) expect(extensions).toEqual({ code: 'WITHHELD' });
        const refused = reference.errors?.filter(({ message }) => message === withheld.message) ?? [];
        expect(forbidden.map(({ path }) => path?.join('.'))).toEqual(
          expect.arrayContaining(refused.map(({ path }) => path?.join('.'))),
        );
      },
    ),
    { numRuns: RUNS },
  );
});

test.each([
  ['{ count }', [0], null],
  ['{ count count }', [0], 7],
  ['{ count ... on Query { count } }', [0, 1], null],
  ['query ($yes: Boolean!) { count @include(if: $yes) count }', [0], 7],
  ['query ($yes: Boolean!) { count @skip(if: $yes) count }', [1], null],
  ['query ($yes: Boolean!) { count @include(if: $yes) count @skip(if: $yes) }', [0], null],
  ['query ($yes: Boolean!) { count @include(if: $yes) count @skip(if: $yes) }', [1], 7],
])('%s with the fields %j withheld has the count %j', (text, chosen, count) => {
  const document = parse(text.replaceAll('count', 'n: count'));
  let index = 0;
  const withheld = withhold(document, () => chosen.includes(index++));
  const operation = compile(document, undefined, withheld);
  if (!operation) throw new Error('not compiled');
  const variables = { yes: true };
  const { data, errors } = completeResponse({
    schema,
    shape: operation.shape,
    data: { n: 7 },
    variables,
    failures: fetchFailures(),
    ownerOf: () => 'items',
    withheld,
  });
  expect(data).toEqual(count === null ? null : { n: count });
  expect(errors.map(({ path }) => path)).toEqual(count === null ? [['n']] : []);
});
