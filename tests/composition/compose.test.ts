import { QueryPlanner } from '@graphql-hive/router-query-planner';
import * as fc from 'fast-check';
import {
  buildSchema,
  lexicographicSortSchema,
  parse,
  print,
  printSchema,
  validateSchema,
  visit,
  type DocumentNode,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { compose, type Composition } from '../../plugins/composition/compose.ts';
import { subgraphSets, toSubgraphs, type Sdls } from './cases/generated-subgraphs.ts';
import { mutilatedSets } from './cases/mutilated.ts';
import { PLAIN_SERVICE_CASES } from './cases/plain-services.ts';
import { composed, toSubgraphs as servicesToSubgraphs } from './cases/in-process.ts';
import { runs } from './cases/runs.ts';
import { saidByServer } from './cases/said-by-server.ts';
import { wholeQueries } from './cases/whole-queries.ts';

const compositionOf = (sdls: Sdls): Composition => compose(toSubgraphs(sdls));

/** `check` is called for what composes; enough must, or the property says nothing. */
function forComposing(
  sets: fc.Arbitrary<Sdls>,
  usual: number,
  check: (sdls: Sdls, composition: Composing) => void,
): void {
  let composing = 0;
  const property = fc.property(sets, (sdls) => {
    const composition = compositionOf(sdls);
    if (!composition.composes) return;
    composing++;
    check(sdls, composition);
  });
  const { numRuns } = runs(usual);
  fc.assert(property, { numRuns });
  expect(composing).toBeGreaterThan(numRuns / 8);
}

type Composing = Extract<Composition, { composes: true }>;

describe('what subgraphs compose to', () => {
  it('is the same whatever their order, and so are their conflicts', () => {
    const shuffled = subgraphSets.chain((sdls) => {
      const entries = Object.entries(sdls);
      return fc.tuple(fc.constant(sdls), fc.shuffledSubarray(entries, { minLength: entries.length }));
    });
    fc.assert(
      fc.property(shuffled, ([sdls, entries]) => {
        expect(compositionOf(Object.fromEntries(entries))).toEqual(compositionOf(sdls));
      }),
      runs(30),
    );
  });

  it('is the same whatever the order of the definitions in their SDL', () => {
    const shuffled = subgraphSets.chain((sdls) => {
      const names = Object.keys(sdls);
      const documents = Object.values(sdls).map((sdl) => {
        const { definitions } = parse(sdl, { noLocation: true });
        return fc.shuffledSubarray([...definitions], { minLength: definitions.length });
      });
      return fc.tuple(fc.constant(sdls), fc.tuple(...documents)).map(([original, changed]) => {
        const texts = changed.map((definitions) => print({ kind: 'Document', definitions } as DocumentNode));
        return [original, Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']))] as const;
      });
    });
    fc.assert(
      fc.property(shuffled, ([sdls, changed]) => {
        const [one, other] = [compositionOf(sdls), compositionOf(changed)];
        expect(other.composes).toBe(one.composes);
        if (one.composes && other.composes) expect(meaningOf(other.publicSdl)).toBe(meaningOf(one.publicSdl));
      }),
      runs(20),
    );
  });

  it('is the same, to the letter, every time', () => {
    fc.assert(
      fc.property(subgraphSets, (sdls) => {
        expect(compositionOf(sdls)).toEqual(compositionOf(sdls));
      }),
      runs(15),
    );
  });

  it('is the same for what a running subgraph says of itself', () => {
    fc.assert(
      fc.property(subgraphSets, (sdls) => {
        const said = Object.fromEntries(Object.entries(sdls).map(([name, sdl]) => [name, saidByServer(sdl)]));
        const [one, other] = [compositionOf(sdls), compositionOf(said)];
        expect(other.composes).toBe(one.composes);
        if (!one.composes || !other.composes) return;
        expect(meaningOf(other.publicSdl)).toBe(meaningOf(one.publicSdl));
        expect(linesOf(other.supergraphSdl)).toEqual(linesOf(one.supergraphSdl));
      }),
      runs(25),
    );
  });

  it('does not change for clients when subgraphs get other names, in another order', () => {
    const renamed = fc.tuple(subgraphSets, fc.shuffledSubarray(['w', 'x', 'y', 'z'], { minLength: 4 }));
    fc.assert(
      fc.property(renamed, ([sdls, names]) => {
        const nameOf = (old: string): string => names[Object.keys(sdls).indexOf(old)] ?? old;
        const entries = Object.entries(sdls).map(([name, sdl]) => [
          nameOf(name),
          sdl.replaceAll(/from: "(s\d)"/g, (_, from: string) => `from: "${nameOf(from)}"`),
        ]);
        const [one, other] = [compositionOf(sdls), compositionOf(Object.fromEntries(entries))];
        expect(other.composes).toBe(one.composes);
        if (!one.composes || !other.composes) return;
        // Of several descriptions the first subgraph's is taken: there is no better one.
        expect(meaningOf(withoutDescriptions(other.publicSdl))).toBe(meaningOf(withoutDescriptions(one.publicSdl)));
      }),
      runs(30),
    );
  });

  it('has a version that follows from the supergraph', () => {
    forComposing(subgraphSets, 30, (sdls, { version, supergraphSdl }) => {
      const [first, ...others] = toSubgraphs(sdls);
      if (!first) return;
      const moved = compose([{ ...first, url: 'http://elsewhere.test/graphql' }, ...others]);
      expect(version).toMatch(/^[0-9a-f]{16}$/);
      expect(moved.composes && moved.supergraphSdl).not.toBe(supergraphSdl);
      expect(moved.composes && moved.version).not.toBe(version);
    });
  });
});

describe('a supergraph that composes', () => {
  it('has a valid public schema, which shows nothing of how it was composed', () => {
    forComposing(subgraphSets, 80, (_, { publicSdl }) => {
      expect(validateSchema(buildSchema(publicSdl))).toEqual([]);
      expect(publicSdl).not.toMatch(/join__|link__|@inaccessible|TransportOptions|@tag|@key|@source/);
    });
  });

  it('is one that the planner takes', () => {
    forComposing(subgraphSets, 60, (_, { supergraphSdl }) => {
      expect(() => new QueryPlanner(supergraphSdl)).not.toThrow();
    });
  });

  it('leaves no query without a plan', () => {
    // The planner has faults of its own with these.
    const plannable = subgraphSets.filter((sdls) => !/@requires\(|@interfaceObject @/.test(JSON.stringify(sdls)));
    forComposing(plannable, 50, (_, { publicSdl, supergraphSdl }) => {
      const planner = new QueryPlanner(supergraphSdl);
      for (const query of wholeQueries(buildSchema(publicSdl), 2)) {
        expect(planner.plan(query, undefined, new Set(), 50).kind).toBe('QueryPlan');
      }
    });
  });

  it.each(PLAIN_SERVICE_CASES)('is as good with plain services: $name', ({ services }) => {
    const { publicSdl, supergraphSdl } = composed(servicesToSubgraphs(services));
    expect(validateSchema(buildSchema(publicSdl))).toEqual([]);
    expect(publicSdl).not.toMatch(/join__|link__|@inaccessible|TransportOptions|@tag|@key|@source|@transport/);
    expect(() => new QueryPlanner(supergraphSdl)).not.toThrow();
  });
});

describe('whatever subgraphs say', () => {
  it('composing does not throw, and says what is wrong', () => {
    fc.assert(
      fc.property(mutilatedSets, (sdls) => {
        const composition = compositionOf(sdls);
        if (composition.composes) {
          expect(validateSchema(buildSchema(composition.publicSdl))).toEqual([]);
          return;
        }
        expect(composition.conflicts.length).toBeGreaterThan(0);
        for (const { code, message, hint } of composition.conflicts) expect([code, message, hint]).not.toContain('');
      }),
      runs(200),
    );
  });

  it('composing does not throw for what is no SDL and no introspection', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constantFrom('', '#', '{}', 'null', '"""'));
    const subgraph = fc.record({
      name: fc.string(),
      url: fc.string(),
      schema: fc.record({ kind: fc.constantFrom('sdl' as const, 'introspection' as const), text }),
    });
    fc.assert(
      fc.property(fc.array(subgraph, { maxLength: 3 }), (subgraphs) => {
        const composition = compose(subgraphs);
        expect(composition.composes).toBe(false);
      }),
      runs(100),
    );
  });

  it('a subgraph that does not parse is named, with the place', () => {
    const composition = compositionOf({ good: 'type Query { a: Int }', bad: 'type Query { a: Int' });
    expect(composition).toMatchObject({
      composes: false,
      conflicts: [{ code: 'INVALID_GRAPHQL', subgraphs: ['bad'], message: expect.stringMatching(/line 1, column 20/) }],
    });
  });
});

function meaningOf(sdl: string): string {
  return printSchema(lexicographicSortSchema(buildSchema(sdl, { assumeValid: true, assumeValidSDL: true })));
}

/** With all that is applied; where it stands does not count. */
function linesOf(sdl: string): string[] {
  const definitions = parse(withoutDescriptions(sdl), { noLocation: true }).definitions.map((one) => print(one));
  return definitions.map((text) => text.split(/\s+/).toSorted().join(' ')).toSorted();
}

function withoutDescriptions(sdl: string): string {
  const document = visit(parse(sdl, { noLocation: true }), {
    enter: (node) => ('description' in node ? { ...node, description: undefined } : undefined),
  });
  return print(document);
}
