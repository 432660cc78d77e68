import fc from 'fast-check';
import { buildSchema, isAbstractType, isObjectType, parse, print, type FieldNode } from 'graphql';
import { expect, test } from 'vitest';
import { operationProfiles, type SelectedField } from '../../plugins/operation/index.ts';
import { resolvedFields } from './generated/answers.ts';
import { generatedRequest } from './generated/operation.ts';
import { operationIn } from './generated/request.ts';
import { generatedSchema } from './generated/schema.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);
const schemas = Array.from({ length: 8 }, (_, seed) => generatedSchema(seed));
const { profileOf } = operationProfiles();
const requests = fc.tuple(fc.nat({ max: 7 }), fc.nat(), fc.integer({ min: 1, max: 4 })).map(([index, seed, size]) => {
  const schema = schemas[index] ?? generatedSchema(index);
  return { schema, ...generatedRequest(schema, seed, size) };
});

function all(selection: readonly SelectedField[]): SelectedField[] {
  return selection.flatMap((field) => [field, ...all(field.selections)]);
}

test('no field is resolved that the selection does not hold, for its type and with its place in the document', () => {
  fc.assert(
    fc.property(requests, ({ schema, document, variables }) => {
      const held = new Map<FieldNode, Set<string>>();
      for (const { possibleTypes, origins } of all(profileOf(schema, document, undefined)?.selection ?? [])) {
        for (const { node } of origins) {
          const names = held.get(node) ?? new Set();
          held.set(node, names);
          for (const { name } of possibleTypes) names.add(name);
        }
      }

      for (const { type, nodes } of resolvedFields(schema, document, variables, operationIn(document).name?.value)) {
        for (const node of nodes)
          expect(held.get(node), `${type}.${print(node)} in\n${print(document)}`).toContain(type);
      }
    }),
    { numRuns: RUNS },
  );
});

test('no field is resolved, and no argument given, whose coordinate is not among those touched', () => {
  fc.assert(
    fc.property(requests, ({ schema, document, variables }) => {
      const { touched } = profileOf(schema, document, undefined) ?? {};
      const isOf = (object: string, name: string) => {
        const [type, objectType] = [schema.getType(name), schema.getType(object)];
        return (
          object === name || (isAbstractType(type) && isObjectType(objectType) && schema.isSubType(type, objectType))
        );
      };

      for (const { type, name, nodes } of resolvedFields(schema, document, variables, undefined)) {
        const coordinates = [...(touched?.fields ?? [])].filter(([coordinate]) => {
          const [parent = '', field] = coordinate.split('.');
          return field === name && isOf(type, parent);
        });
        const args = new Set(coordinates.flatMap(([, names]) => [...names]));
        expect(coordinates, `${type}.${name} in\n${print(document)}`).not.toEqual([]);
        for (const node of nodes) for (const { name: arg } of node.arguments ?? []) expect(args).toContain(arg.value);
      }
    }),
    { numRuns: RUNS },
  );
});

const schema = buildSchema(`
  type Query { node(id: ID, type: Kind): Node users: [User] }
  interface Node { id: ID }
  interface Named { name: String }
  type User implements Node & Named { id: ID name: String posts(first: Int): [Post!]! }
  type Post implements Node { id: ID kind: Kind }
  enum Kind { A B }
`);

function profiled(text: string) {
  const profile = profileOf(schema, parse(text), undefined);
  if (!profile) throw new Error(`no profile of ${text}`);
  return profile;
}

test('coordinates are told as the document names them, each once, with all arguments that it is given', () => {
  const { touched } = profiled(`
    query ($v: Boolean!) { a: node(id: 1) { id ...F } b: node(type: A) { id @include(if: $v) __typename } __schema { types { name } } }
    fragment F on User { id posts { ... { kind } } posts(first: 1) { kind } name @skip(if: true) }
  `);

  expect(Object.fromEntries([...touched.fields].map(([name, args]) => [name, [...args]]))).toEqual({
    'Query.node': ['id', 'type'],
    'Node.id': [],
    'User.id': [],
    'User.posts': ['first'],
    'Post.kind': [],
  });
  expect(touched.types).toEqual(new Set(['Node', 'ID', 'Post', 'Kind']));
});

test('a field of the selection says on which types and conditions it stands, and from where it comes', () => {
  const { selection = [] } = profiled(
    'query ($v: Boolean!) { node { ... on Named { ... on Node @skip(if: $v) { id } } ... on User { id @skip(if: $v) } } }',
  );
  const [field, ...others] = selection[0]?.selections ?? [];

  expect(others).toEqual([]);
  expect(field?.possibleTypes.map(({ name }) => name)).toEqual(['User']);
  expect(field?.conditions).toEqual([{ variable: 'v', wanted: false }]);
  expect(field?.parentType.name).toBe('User');
  expect(field?.origins.map(({ parentType }) => parentType.name)).toEqual(['Node', 'User']);
});
