import { buildSchema, parse, print } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlanner, type IsolatedPlanner } from '../../plugins/execution/isolated-planner.ts';
import { operationCompiler, type OperationCompiler } from '../../plugins/execution/operation.ts';
import { composed, toSubgraphs } from '../composition/cases/in-process.ts';
import { federated } from '../harness/subgraph.ts';

const SDLS = {
  people: federated(`
    type Query { found: [Found] media: [Media!]! node: Node users: [User!]! }
    interface Node { id: ID! }
    type User implements Node @key(fields: "id") { id: ID! name: String }
    type Note { text: String }
    union Found = User | Note
    interface Media @key(fields: "id") { id: ID! title: String }
    type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
  `),
  ratings: federated('type Media @key(fields: "id") @interfaceObject { id: ID! rating: Int }'),
};

let planner: IsolatedPlanner;
let compile: OperationCompiler;

beforeAll(async () => {
  const { supergraphSdl, publicSdl } = composed(
    toSubgraphs({ people: { sdl: SDLS.people }, ratings: { sdl: SDLS.ratings } }),
  );
  planner = await startPlanner(supergraphSdl, undefined);
  compile = operationCompiler(buildSchema(publicSdl));
});
afterAll(() => planner.close());

const plan = (document: string) => planner.plan({ document, operationName: undefined, labels: [], percentage: 0 });

test.each([
  ['nothing but what a literal rules out', '{ users @skip(if: true) { name } }'],
  ['a fragment on a union', 'query ($a: Boolean!) { found { ... on Found @skip(if: $a) { ... on Note { text } } } }'],
  ['a named one', 'query ($a: Boolean!) { found { ...F @include(if: $a) } } fragment F on Found { __typename }'],
  ['a condition alone', 'query ($a: Boolean!) { media { ... on Book { ... @include(if: $a) { title } pages } } }'],
  ['one on the same type', 'query ($a: Boolean!) { media { ... on Book { ... on Book @skip(if: $a) { title } } } }'],
  ['one on an interface', 'query ($a: Boolean!) { media { ... on Book { ... on Media @skip(if: $a) { rating } } } }'],
])('%s: router-query-planner still has no plan for it as it is, and has one as we put it', async (_, document) => {
  await expect(plan(document), 'delete what repairs it').rejects.toThrow('Failed to plan query');
  const planned = compile(parse(document), undefined, undefined)?.planned;
  if (planned) await expect(plan(print(planned))).resolves.toMatchObject({ kind: 'QueryPlan' });
});
