import fc from 'fast-check';
import { buildSchema, Kind, parse, print, type DirectiveNode, type SelectionSetNode } from 'graphql';
import { expect, test } from 'vitest';
import { operationProfiles, type Measures } from '../../plugins/operation/index.ts';
import { generatedRequest } from './generated/operation.ts';
import { fragmentsIn, operationIn } from './generated/request.ts';
import { generatedSchema } from './generated/schema.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 1_000);
const schemas = Array.from({ length: 8 }, (_, seed) => generatedSchema(seed));
const { profileOf } = operationProfiles();

/** A selection set with fragments written out: plain nodes, nothing shared. */
interface Plain {
  readonly kind: 'set' | 'field';
  readonly key: string;
  readonly name: string;
  readonly isAliased: boolean;
  readonly directives: number;
  readonly within: readonly Plain[];
}

function plain(set: SelectionSetNode, fragments: ReturnType<typeof fragmentsIn>): Plain[] {
  return set.selections.flatMap((selection): Plain[] => {
    const { directives = [] } = selection;
    if (directives.some(isNever)) return [];
    const none = { key: '', name: '', isAliased: false, within: [] };
    if (selection.kind === Kind.FIELD) {
      const within = selection.selectionSet ? plain(selection.selectionSet, fragments) : [];
      const name = selection.name.value;
      const key = selection.alias?.value ?? name;
      const isAliased = selection.alias !== undefined;
      return [{ kind: 'field', key, name, isAliased, directives: directives.length, within }];
    }
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    const own = selection.kind === Kind.INLINE_FRAGMENT ? 0 : (fragment?.directives?.length ?? 0);
    const within = fragment ? plain(fragment.selectionSet, fragments) : [];
    return [{ ...none, kind: 'set', directives: directives.length + own, within }];
  });
}

function isNever({ name, arguments: [argument] = [] }: DirectiveNode): boolean {
  if (argument?.value.kind !== Kind.BOOLEAN) return false;
  return argument.value.value === (name.value === 'skip');
}

function total(nodes: readonly Plain[], count: (node: Plain) => number): number {
  return nodes.reduce((sum, node) => sum + count(node) + total(node.within, count), 0);
}

function depth(nodes: readonly Plain[]): number {
  return Math.max(0, ...nodes.map((node) => (node.kind === 'field' ? 1 : 0) + depth(node.within)));
}

function height(nodes: readonly Plain[]): number {
  const keys = new Set(nodes.filter(({ kind }) => kind === 'field').map(({ key }) => key));
  return nodes.reduce((sum, node) => sum + height(node.within), keys.size);
}

function rootKeys(nodes: readonly Plain[]): Set<string> {
  return new Set(nodes.flatMap((node) => (node.kind === 'field' ? [node.key] : [...rootKeys(node.within)])));
}

function reference(nodes: readonly Plain[]): Measures {
  return {
    depth: depth(nodes),
    height: height(nodes),
    fields: total(nodes, ({ kind }) => (kind === 'field' ? 1 : 0)),
    aliases: total(nodes, ({ isAliased }) => (isAliased ? 1 : 0)),
    directives: total(nodes, ({ directives }) => directives),
    rootFields: rootKeys(nodes).size,
  };
}

/** Without the fields of introspection, or with nothing else. */
function part(nodes: readonly Plain[], isMeta: boolean): readonly Plain[] {
  return nodes.flatMap((node): readonly Plain[] => {
    if (node.kind === 'set') {
      return [{ ...node, directives: isMeta ? 0 : node.directives, within: part(node.within, isMeta) }];
    }
    return node.name.startsWith('__s') === isMeta ? [node] : [];
  });
}

test('an operation measures as much as the same one with its fragments written out', () => {
  fc.assert(
    fc.property(fc.nat({ max: 7 }), fc.nat(), fc.integer({ min: 1, max: 4 }), (index, seed, size) => {
      const schema = schemas[index] ?? generatedSchema(index);
      const { document } = generatedRequest(schema, seed, size);
      const operation = operationIn(document);
      const nodes = plain(operation.selectionSet, fragmentsIn(document));
      const expected = reference(part(nodes, false));

      const measures = profileOf(schema, document, undefined)?.measures;

      const directives = expected.directives + (operation.directives?.length ?? 0);
      expect(measures?.data, print(document)).toEqual({ ...expected, directives });
      expect(measures?.introspection, print(document)).toEqual(reference(part(nodes, true)));
    }),
    { numRuns: RUNS },
  );
});

const schema = buildSchema('type Query { me: User me2: User } type User { name: String best: User }');

function measured(text: string) {
  return profileOf(schema, parse(text), undefined)?.measures;
}

test('each measure counts what its name says', () => {
  expect(
    measured(
      '{ a: me { name n: name best { name } name } me2 { name @skip(if: true) } ...F } fragment F on Query { me2 { name } }',
    )?.data,
  ).toEqual({
    depth: 3,
    height: 8,
    fields: 9,
    aliases: 2,
    directives: 0,
    rootFields: 2,
  });
});

test('introspection is measured apart, __typename is not', () => {
  const measures = measured(
    '{ __typename me { name } ...F } fragment F on Query { __schema { types { ...T } } } fragment T on __Type { name }',
  );

  expect(measures?.data).toMatchObject({ depth: 2, fields: 3, rootFields: 2 });
  expect(measures?.introspection).toMatchObject({ depth: 3, fields: 3, rootFields: 1 });
});

test('a fragment bomb is measured, exactly as long as numbers are exact', () => {
  const bomb = (levels: number) =>
    [
      '{ me { ...F0 } }',
      ...Array.from(
        { length: levels },
        (_, at) => `fragment F${at} on User { a: best { ...F${at + 1} } b: best { ...F${at + 1} } }`,
      ),
      `fragment F${levels} on User { name }`,
    ].join('\n');

  expect(measured(bomb(40))?.data).toMatchObject({ depth: 42, fields: 3 * 2 ** 40 - 1, aliases: 2 ** 41 - 2 });
  expect(measured(bomb(100))?.data).toMatchObject({ depth: 102, fields: Number.MAX_SAFE_INTEGER });
});
