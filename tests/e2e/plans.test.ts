import { readdirSync, readFileSync } from 'node:fs';
import { QueryPlanner, type PlanNode, type QueryPlan } from '@graphql-hive/router-query-planner';
import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composeOnce } from '../../plugins/composition/compose-once.ts';
import { composeSubgraphs } from '../../plugins/composition/index.ts';
import { startDemoSubgraphs, type RunningDemo } from '../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { holdBefore, type HeldCall, type HoldingProxy } from '../harness/holding-proxy.ts';
import { until } from '../harness/until.ts';

const QUERIES = new URL('../../subgraphs/queries/', import.meta.url);
/** The demo moves a field by `percent(10)`; this decides the toss, here and in the gateway. */
const TOSS = '0.5';

let demo: RunningDemo;
let proxy: HoldingProxy;
let gateway: TestGateway;
let planner: QueryPlanner;

beforeAll(async () => {
  demo = await startDemoSubgraphs({ ports: 'free' });
  proxy = await holdBefore(demo.subgraphs);
  gateway = await startGateway({ subgraphs: proxy.subgraphs, env: { PROGRESSIVE_OVERRIDE_RNG: TOSS } });
  const once = await composeOnce(composeSubgraphs({ subgraphs: proxy.subgraphs }).options);
  if (!once.collected || !once.composition.composes) throw new Error('the demo subgraphs do not compose');
  planner = new QueryPlanner(once.composition.supergraphSdl);
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await demo?.close();
});

/** Fetches that may be under way at the same time, wave by wave. */
function waves(node: PlanNode | undefined): string[][] {
  if (!node) return [];
  switch (node.kind) {
    case 'Sequence':
      return node.nodes.flatMap(waves);
    case 'Parallel': {
      const branches = node.nodes.map(waves);
      const length = Math.max(...branches.map((branch) => branch.length));
      return Array.from({ length }, (_, wave) => branches.flatMap((branch) => branch[wave] ?? []));
    }
    case 'Flatten':
      return waves(node.node);
    case 'Fetch':
    case 'BatchFetch':
      return [[`${node.serviceName}: ${node.operation}`]];
    default:
      throw new Error(`the demo has no plan with a ${node.kind} node`);
  }
}

const bySubgraph = (wave: readonly string[]) => wave.map((fetch) => fetch.split(':')[0]).toSorted();

const demoQueries = readdirSync(QUERIES)
  .map((file) => ({ file, query: readFileSync(new URL(file, QUERIES), 'utf8') }))
  .filter(({ query }) => getOperationAST(parse(query))?.operation !== OperationTypeNode.SUBSCRIPTION);

test.each(demoQueries)(
  '$file asks its subgraphs as planned: no call more, each hop in one, branches in parallel',
  async ({ query }) => {
    const plan: QueryPlan = await planner.planAsync(query, undefined, new Set(), Number(TOSS) * 100);
    const planned = waves(plan.node);
    expect(planned).toMatchSnapshot();

    const answer = gateway.query(query);
    const calls: HeldCall[] = [];
    for (const wave of planned) {
      // Were the gateway to wait for one of them before it sends the next, they would never be held together.
      await until(`${wave.length} calls at the same time`, () => proxy.held().length >= wave.length);
      expect(
        proxy
          .held()
          .map(({ subgraph }) => subgraph)
          .toSorted(),
      ).toEqual(bySubgraph(wave));
      calls.push(...proxy.held());
      proxy.release();
    }

    expect(await answer).toEqual({ data: expect.anything() });
    expect(calls).toHaveLength(planned.flat().length);
    for (const { variables } of calls) {
      for (const representations of Object.values(variables).filter((value) => Array.isArray(value))) {
        const distinct = new Set(representations.map((representation) => JSON.stringify(representation)));
        expect(representations).toHaveLength(distinct.size);
      }
    }
  },
);
