import * as fc from 'fast-check';
import { compose } from '../../plugins/composition/compose.ts';
import { buildSchema, isUnionType, parse, type DocumentNode, type ExecutionResult } from 'graphql';
import { expect, it } from 'vitest';
import { planningEngine } from '../../plugins/execution/index.ts';
import { agreeingSubgraph, answerAsOne } from './cases/agreeing-servers.ts';
import { endEngine } from './cases/in-process.ts';
import { subgraphSets, toSubgraphs, type Sdls } from './cases/generated-subgraphs.ts';
import { runs } from './cases/runs.ts';
import { wholeQueries } from './cases/whole-queries.ts';

/** The planner has faults of its own with these; they are tried case by case in federation.test.ts. */
const HARD_TO_PLAN = /@requires\(|@interfaceObject @/;
const DEPTH = 2;

async function startEngine(sdls: Sdls, supergraphSdl: string) {
  const servers = new Map(Object.entries(sdls).map(([name, sdl]) => [name, agreeingSubgraph(sdl)]));
  const { executor } = await planningEngine({
    unifiedGraph: buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true }),
    getUnifiedGraphSDL: () => supergraphSdl,
    onSubgraphExecute: async (name, { document, variables = {} }) => servers.get(name)?.(document, variables) as never,
  });
  return {
    ask: (document: DocumentNode) => executor?.({ document, variables: {}, context: {} }) as Promise<ExecutionResult>,
    [Symbol.dispose]: () => endEngine(executor),
  };
}

it('a federation answers as one server with all of its fields would', async () => {
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(
      subgraphSets.filter((sdls) => !HARD_TO_PLAN.test(JSON.stringify(sdls))),
      async (sdls) => {
        const composition = compose(toSubgraphs(sdls));
        if (!composition.composes) return;
        using engine = await startEngine(sdls, composition.supergraphSdl);
        const schema = buildSchema(composition.publicSdl);
        // Which member of a union an object is, its subgraphs do not agree on.
        for (const query of wholeQueries(schema, DEPTH, isUnionType)) {
          const document = parse(query);
          expect(JSON.parse(JSON.stringify(await engine.ask(document)))).toEqual(
            JSON.parse(JSON.stringify(answerAsOne(schema, document))),
          );
          asked++;
        }
      },
    ),
    runs(40),
  );
  expect(asked).toBeGreaterThan(20);
});
