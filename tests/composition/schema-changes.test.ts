import * as fc from 'fast-check';
import { buildSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { compose } from '../../plugins/composition/compose.ts';
import { schemaChanges } from '../../plugins/composition/schema-changes.ts';
import { subgraphSets, toSubgraphs } from './cases/generated-subgraphs.ts';
import { runs } from './cases/runs.ts';

const A = 'type Query { a: Int }';

describe('a change of the public schema', () => {
  it.each<[string, string, string, string]>([
    ['a field goes', 'type Query { a: Int b: Int }', A, 'Query.b'],
    ['a type goes', `${A} type T { x: Int }`, A, 'T'],
    ['an enum value goes', `${A} enum E { X Y }`, `${A} enum E { X }`, 'E.Y'],
    [
      'a union member goes',
      `${A} type T { x: Int } type U { x: Int } union V = T | U`,
      `${A} type T { x: Int } type U { x: Int } union V = T`,
      'V',
    ],
    [
      'an interface is no longer implemented',
      `${A} interface I { x: Int } type T implements I { x: Int }`,
      `${A} interface I { x: Int } type T { x: Int }`,
      'T',
    ],
    ['a field may become null', 'type Query { a: Int! }', A, 'Query.a'],
    ['an item may become null', 'type Query { a: [Int!] }', 'type Query { a: [Int] }', 'Query.a'],
    ['a field gets another type', A, 'type Query { a: String }', 'Query.a'],
    ['an input field becomes required', `${A} input I { x: Int }`, `${A} input I { x: Int! }`, 'I.x'],
    ['an input field that is required comes', `${A} input I { x: Int }`, `${A} input I { x: Int y: Int! }`, 'I.y'],
    ['a type becomes another kind of type', `${A} type T { x: Int }`, `${A} scalar T`, 'T'],
  ])('is breaking when %s', async (_, before, after, coordinate) => {
    const [worst] = await schemaChanges(before, after);
    expect(worst).toEqual({ level: 'breaking', message: expect.any(String), coordinate });
  });

  it.each([
    ['an argument that is required comes', A, 'type Query { a(b: Int!): Int }'],
    ['an argument goes', 'type Query { a(b: Int): Int }', A],
    ['the mutations go', `${A} type Mutation { x: Int }`, A],
  ])('is breaking when %s', async (_, before, after) => {
    expect((await schemaChanges(before, after))[0]?.level).toBe('breaking');
  });

  it.each([
    ['an enum value comes', `${A} enum E { X }`, `${A} enum E { X Y }`],
    [
      'a union member comes',
      `${A} type T { x: Int } type U { x: Int } union V = T`,
      `${A} type T { x: Int } type U { x: Int } union V = T | U`,
    ],
    ['a default value changes', 'type Query { a(b: Int = 1): Int }', 'type Query { a(b: Int = 2): Int }'],
    [
      'an interface is implemented that was not',
      `${A} interface I { x: Int } type T { x: Int }`,
      `${A} interface I { x: Int } type T implements I { x: Int }`,
    ],
  ])('is dangerous when %s', async (_, before, after) => {
    expect((await schemaChanges(before, after))[0]?.level).toBe('dangerous');
  });

  it.each([
    ['a field comes', A, 'type Query { a: Int b: Int }'],
    ['a type comes', A, `${A} type T { x: Int }`],
    ['a field is never null any more', A, 'type Query { a: Int! }'],
    ['an optional input field comes', `${A} input I { x: Int }`, `${A} input I { x: Int y: Int }`],
    ['a field is deprecated', A, 'type Query { a: Int @deprecated(reason: "old") }'],
    ['a description comes', A, '"said" type Query { a: Int }'],
  ])('is safe when %s', async (_, before, after) => {
    const levels = (await schemaChanges(before, after)).map(({ level }) => level);
    expect(new Set(levels)).toEqual(new Set(['safe']));
  });

  it('is told with the worst first', async () => {
    const changes = await schemaChanges(
      `${A} enum E { X } type T { x: Int }`,
      'type Query { a: Int b: Int } enum E { X Y }',
    );
    expect(changes.map(({ level }) => level)).toEqual(['breaking', 'dangerous', 'safe']);
  });
});

describe('the same public schema', () => {
  it('has no changes, however it is written', async () => {
    await fc.assert(
      fc.asyncProperty(subgraphSets, async (sdls) => {
        const composition = compose(toSubgraphs(sdls));
        if (!composition.composes) return;
        const { publicSdl } = composition;
        const rewritten = printSchema(lexicographicSortSchema(buildSchema(publicSdl)));
        expect(await schemaChanges(publicSdl, publicSdl)).toEqual([]);
        expect(await schemaChanges(publicSdl, rewritten)).toEqual([]);
      }),
      runs(20),
    );
  });
});

describe('any two public schemas', () => {
  it('can be compared, and a type that is gone breaks clients', async () => {
    await fc.assert(
      fc.asyncProperty(subgraphSets, subgraphSets, async (one, other) => {
        const [before, after] = [one, other].map((sdls) => compose(toSubgraphs(sdls)));
        if (!before?.composes || !after?.composes) return;
        const gone = Object.keys(buildSchema(before.publicSdl).getTypeMap()).filter(
          (name) => !buildSchema(after.publicSdl).getType(name),
        );
        const breaking = (await schemaChanges(before.publicSdl, after.publicSdl)).filter(
          ({ level }) => level === 'breaking',
        );
        for (const name of gone) expect(breaking.map(({ coordinate }) => coordinate)).toContain(name);
      }),
      runs(20),
    );
  });
});
