import { buildSubgraphSchema } from '@apollo/subgraph';
import { QueryPlanner } from '@graphql-hive/router-query-planner';
import fc from 'fast-check';
import {
  buildSchema,
  graphqlSync,
  lexicographicSortSchema,
  parse,
  printSchema,
  validateSchema,
  type GraphQLSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import { compose, type Composition } from '../../plugins/composition/compose.ts';
import type { Subgraph } from '../../plugins/composition/subgraph.ts';
import { subgraphSets, type Sdls } from './cases/generated-subgraphs.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 60);

const toSubgraphs = (sdls: Sdls): Subgraph[] =>
  Object.entries(sdls).map(([name, text]) => ({
    name,
    url: `http://${name}.test/graphql`,
    schema: { kind: 'sdl', text },
  }));

/** What a composition means, whatever the order in which it is written down. */
function meaning(composition: Composition): unknown {
  if (!composition.composes) return composition.conflicts.map(({ code, coordinates }) => [code, coordinates]);
  const { publicSdl, supergraphSdl } = composition;
  const sorted = (sdl: string) => printSchema(lexicographicSortSchema(buildSchema(sdl, { assumeValid: true })));
  return [sorted(publicSdl), sorted(supergraphSdl)];
}

test('every order of the subgraphs gives the same supergraph, or the same conflicts', () => {
  const shuffled = subgraphSets.chain((sdls) =>
    fc.tuple(
      fc.constant(toSubgraphs(sdls)),
      fc.shuffledSubarray(toSubgraphs(sdls), { minLength: Object.keys(sdls).length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([one, other]) => {
      expect(compose(other)).toEqual(compose(one));
    }),
    { numRuns: RUNS },
  );
});

test('composing twice gives the same text and the same version', () => {
  fc.assert(
    fc.property(subgraphSets, (sdls) => {
      expect(compose(toSubgraphs(sdls))).toEqual(compose(toSubgraphs(sdls)));
    }),
    { numRuns: RUNS },
  );
});

test('what a subgraph says of itself through _service composes like the SDL it was made of', () => {
  const throughService = (sdl: string): string => {
    let schema: GraphQLSchema;
    try {
      schema = buildSubgraphSchema({ typeDefs: parse(sdl) });
    } catch {
      // Only a subgraph that can run has a _service.
      fc.pre(false);
      throw new Error('unreachable');
    }
    const { data } = graphqlSync({ schema, source: '{ _service { sdl } }' });
    return (data as unknown as { _service: { sdl: string } })._service.sdl;
  };
  fc.assert(
    fc.property(subgraphSets, (sdls) => {
      const served = Object.fromEntries(Object.entries(sdls).map(([name, sdl]) => [name, throughService(sdl)]));
      expect(meaning(compose(toSubgraphs(served)))).toEqual(meaning(compose(toSubgraphs(sdls))));
    }),
    { numRuns: RUNS },
  );
});

test('what composes has a valid public schema, without a trace of composition, and the planner takes it', () => {
  let composed = 0;
  fc.assert(
    fc.property(subgraphSets, (sdls) => {
      const composition = compose(toSubgraphs(sdls));
      if (!composition.composes) return;
      composed++;
      expect(validateSchema(buildSchema(composition.publicSdl))).toEqual([]);
      expect(composition.publicSdl).not.toMatch(/join__|link__|@inaccessible|TransportOptions/);
      expect(() => new QueryPlanner(composition.supergraphSdl)).not.toThrow();
    }),
    { numRuns: RUNS },
  );
  expect(composed).toBeGreaterThan(RUNS / 4);
});

test('it never throws, whatever a subgraph says', () => {
  const mutilated = subgraphSets.chain((sdls) => {
    const [first = ''] = Object.values(sdls);
    return fc
      .tuple(fc.nat(first.length), fc.nat(20), fc.string())
      .map(([at, length, put]) => first.slice(0, at) + put + first.slice(at + length));
  });
  fc.assert(
    fc.property(fc.oneof(fc.string(), mutilated), (text) => {
      const [broken] = toSubgraphs({ broken: text });
      if (!broken) throw new Error('no subgraph');
      const plain: Subgraph = { ...broken, name: 'plain', schema: { kind: 'introspection', text } };
      for (const subgraph of [broken, plain]) expect(typeof compose([subgraph]).composes).toBe('boolean');
    }),
    { numRuns: RUNS },
  );
});
