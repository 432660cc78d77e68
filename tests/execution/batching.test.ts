import { composeServices } from '@theguild/federation-composition';
import { buildSchema, execute, parse, type GraphQLSchema } from 'graphql';
import { expect, test } from 'vitest';
import { buildSubgraphSchema } from '../../subgraphs/server/federation-schema.ts';
import { planningEngine } from '../../plugins/execution/index.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';
const ENTITIES = 1_000;
/** Each order is by one of so many buyers, each buyer lives in one of so many towns. */
const [BUYERS, TOWNS] = [100, 10];

const SDL = {
  orders: 'type Query { orders: [Order!]! } type Order @key(fields: "id") { id: ID! }',
  buyers: 'type Order @key(fields: "id") { id: ID! buyer: Buyer! } type Buyer @key(fields: "id") { id: ID! }',
  towns: 'type Buyer @key(fields: "id") { id: ID! town: Town! } type Town @key(fields: "id") { id: ID! }',
  maps: 'type Town @key(fields: "id") { id: ID! name: String! }',
};

const RESOLVERS = {
  orders: { Query: { orders: () => Array.from({ length: ENTITIES }, (_, id) => ({ id: String(id) })) } },
  buyers: { Order: { buyer: ({ id }: { id: string }) => ({ id: String(Number(id) % BUYERS) }) } },
  towns: { Buyer: { town: ({ id }: { id: string }) => ({ id: String(Number(id) % TOWNS) }) } },
  maps: { Town: { name: ({ id }: { id: string }) => `town ${id}` } },
};

test('a three-level list of 1,000 entities makes one _entities call a level, each entity asked for once', async () => {
  const schemas = new Map<string, GraphQLSchema>();
  const services = Object.entries(SDL).map(([name, sdl]) => {
    const typeDefs = parse(LINK + sdl);
    schemas.set(name, buildSubgraphSchema({ typeDefs, resolvers: RESOLVERS[name as keyof typeof RESOLVERS] }));
    return { name, url: `http://${name}`, typeDefs };
  });
  const { supergraphSdl = '' } = composeServices(services);
  const calls: { subgraph: string; representations: number }[] = [];
  const engine = await planningEngine({
    unifiedGraph: buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true }),
    getUnifiedGraphSDL: () => supergraphSdl,
    onSubgraphExecute(
      subgraph: string,
      { document, variables }: { document: never; variables: Record<string, unknown> },
    ) {
      const { representations } = (variables ?? {}) as { representations?: unknown[] };
      calls.push({ subgraph, representations: representations?.length ?? 0 });
      return execute({ schema: schemas.get(subgraph) as GraphQLSchema, document, variableValues: variables });
    },
  } as never);

  const document = parse('{ orders { id buyer { id town { id name } } } }');
  const result = (await engine.executor?.({ document })) as unknown as {
    data: { orders: unknown[] };
    errors?: unknown;
  };

  expect(result.errors).toBeUndefined();
  expect(result.data.orders).toHaveLength(ENTITIES);
  expect(result.data.orders[123]).toEqual({ id: '123', buyer: { id: '23', town: { id: '3', name: 'town 3' } } });
  expect(calls).toEqual([
    { subgraph: 'orders', representations: 0 },
    { subgraph: 'buyers', representations: ENTITIES },
    { subgraph: 'towns', representations: BUYERS },
    { subgraph: 'maps', representations: TOWNS },
  ]);
});
