import { QueryPlanner, type FetchNode } from '@graphql-hive/router-query-planner';
import * as fc from 'fast-check';
import {
  buildASTSchema,
  buildSchema,
  lexicographicSortSchema,
  parse,
  PossibleFragmentSpreadsRule,
  print,
  printSchema,
  specifiedRules,
  validate,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { compose } from '../../plugins/composition/compose.ts';
import * as parts from '../../plugins/supergraph/index.ts';
import { subgraphSets, toSubgraphs } from '../composition/cases/generated-subgraphs.ts';
import { composed, toSubgraphs as servicesToSubgraphs } from '../composition/cases/in-process.ts';
import { PLAIN_SERVICE_CASES } from '../composition/cases/plain-services.ts';
import { runs } from '../composition/cases/runs.ts';
import { wholeQueries } from '../composition/cases/whole-queries.ts';
import { federated } from '../harness/subgraph.ts';

/** The planner asks a subgraph that types a field with an object for the other types of an interface, too. */
const RULES = specifiedRules.filter((rule) => rule !== PossibleFragmentSpreadsRule);
const HARD_TO_PLAN = /@requires\(|@interfaceObject @/;

const SDLS = Object.fromEntries(
  Object.entries({
    'two-words': `type Query { a: [Any!] media: Media both: Int @shareable } interface Media { id: ID! } interface Other { id: ID! }
    type Film implements Media & Other @key(fields: "id") { id: ID! title: String! @shareable length: Int } union Any = Film | Note type Note { text: String } enum Mood { GOOD BAD }
    extend type Query { mood: Mood }`,
    b: `type Query { b(mood: In): Film both: Int @shareable } interface Media { id: ID! } union Any = Film
    type Film implements Media @key(fields: "id") { id: ID! title: String @shareable votes(of: Int = 1): Int } enum In { GOOD } input Unused { x: Int! }`,
    c: 'type Film @key(fields: "id") { id: ID! stars: Int } enum Mood { FINE }',
  }).map(([name, sdl]) => [name, federated(sdl)]),
);

function schemasOf(supergraphSdl: string) {
  const supergraph = parse(supergraphSdl);
  return new Map(
    [...parts.graphNames(supergraph)].map(([graph, name]) => [name, parts.subgraphSchema(supergraph, graph)]),
  );
}

/** Fetches that are whole operations, not continuations of others. */
function rootFetches(node: unknown): FetchNode[] {
  if (typeof node !== 'object' || node === null) return [];
  const fetch = node as FetchNode;
  if (fetch.kind === 'Fetch') return fetch.operation.includes('_entities') ? [] : [fetch];
  return Object.values(node).flatMap(rootFetches);
}

describe('of a supergraph', () => {
  const { supergraphSdl } = composed(toSubgraphs(SDLS));
  const supergraph = parse(supergraphSdl);

  it('each graph has the name of its subgraph', () => {
    expect(Object.fromEntries(parts.graphNames(supergraph))).toEqual({ TWO_WORDS: 'two-words', B: 'b', C: 'c' });
  });

  it('a schema gives back the definitions it was built of', () => {
    const definitions = parts.definitionsOf(buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true }));
    const texts = (document: typeof supergraph) => document.definitions.map((one) => print(one)).toSorted();
    expect(texts(definitions)).toEqual(texts(supergraph));
  });

  it('a subgraph has the types, fields, members and values that are its own, as it types them', () => {
    const schemas = [...schemasOf(supergraphSdl)].map(([name, schema]) => [
      name,
      printSchema(lexicographicSortSchema(schema)),
    ]);
    const { 'two-words': first = '', b = '', c = '' } = Object.fromEntries(schemas) as Record<string, string>;
    expect(first).toMatch(/type Query \{\s+a: \[Any!\]\s+both: Int\s+media: Media\s+mood: Mood\s+\}/);
    expect(first).toContain('union Any = Film | Note');
    expect(first).toContain('type Film implements Media & Other');
    expect(first).toContain('title: String!');
    expect(first).not.toMatch(/votes|stars|In\b|FINE/);
    expect(b).toContain('union Any = Film\n');
    expect(b).toContain('type Film implements Media {');
    expect(b).toMatch(/title: String\n/);
    expect(b).toContain('votes(of: Int = 1): Int');
    expect(b).not.toMatch(/Note|length|Other/);
    expect(c).toMatch(/enum Mood \{\s+FINE\s+\}/);
    for (const text of [first, b, c]) expect(text).not.toMatch(/join__|link__|@/);
  });

  it('a subgraph takes every operation that the planner makes for it', () => {
    let fetches = 0;
    fc.assert(
      fc.property(
        subgraphSets.filter((sdls) => !HARD_TO_PLAN.test(JSON.stringify(sdls))),
        (sdls) => {
          const composition = compose(toSubgraphs(sdls));
          if (!composition.composes) return;
          const schemas = schemasOf(composition.supergraphSdl);
          for (const schema of schemas.values()) expect(validateSchema(schema)).toEqual([]);
          const planner = new QueryPlanner(composition.supergraphSdl);
          for (const query of wholeQueries(buildSchema(composition.publicSdl), 2)) {
            for (const { serviceName, operation } of rootFetches(planner.plan(query, undefined, new Set(), 50))) {
              const schema = schemas.get(serviceName);
              expect(schema && validate(schema, parse(operation), RULES)).toEqual([]);
              fetches++;
            }
          }
        },
      ),
      runs(40),
    );
    expect(fetches).toBeGreaterThan(10);
  });

  it('the graphs that were transformed are known, and what is left of the others is one field each', () => {
    const services =
      PLAIN_SERVICE_CASES.find(({ name }) => name.startsWith('a prefix for types and root'))?.services ?? {};
    const mixed = parse(composed(servicesToSubgraphs(services)).supergraphSdl);
    const transformed = parts.transformedGraphs(mixed);
    expect([...transformed]).toEqual(['BLOG']);
    const reduced = buildASTSchema(parts.reduceTo(mixed, transformed), { assumeValidSDL: true });
    expect(validateSchema(reduced)).toEqual([]);
    expect(Object.keys(reduced.getQueryType()?.getFields() ?? {})).toEqual(
      expect.arrayContaining(['Blog_post', 'Blog_search', '_', '_OTHER']),
    );
    expect(reduced.getType('Post')).toBeUndefined();
    expect(reduced.getType('Blog_Post')).toBeDefined();
  });

  it('a supergraph without transforms reduces to nothing but those fields', () => {
    expect(parts.transformedGraphs(supergraph).size).toBe(0);
    const reduced = buildASTSchema(parts.reduceTo(supergraph, new Set()), { assumeValidSDL: true });
    expect(validateSchema(reduced)).toEqual([]);
    expect(Object.keys(reduced.getQueryType()?.getFields() ?? {}).toSorted()).toEqual(['_', '_B', '_C', '_TWO_WORDS']);
  });
});
