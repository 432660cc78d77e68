import { composeServices } from '@theguild/federation-composition';
import * as fc from 'fast-check';
import { buildSchema, execute, parse, print, type DocumentNode, type GraphQLSchema } from 'graphql';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { buildSubgraphSchema } from '../../subgraphs/server/federation-schema.ts';
import { planningEngine } from '../../plugins/execution/index.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';
const SDL = {
  shop: `${LINK}
    type Query { items(ids: [ID!]!): [Item!]! places: [Place!]! }
    type Item @key(fields: "id") { id: ID! sku: ID! }
    type Place @key(fields: "hall { name } shelf") { hall: Hall! shelf: Int! }
    type Hall { name: String! }`,
  stock: `${LINK}
    type Item @key(fields: "id") { id: ID! stock: Int label(id: ID): String! }
    type Place @key(fields: "hall { name } shelf") { hall: Hall! shelf: Int! free: Boolean! }
    type Hall { name: String! }`,
};

type Entities = ({ id?: unknown; stock?: number } | null)[];
type Answer = { data?: { _entities?: Entities } | null; errors?: { message: string; path?: (string | number)[] }[] };

const log: string[] = [];
let sent: string[] = [];
let ids: string[] = [];
let distort: ((answer: Answer, document: DocumentNode) => Answer) | undefined;
let ask: (
  query: string,
) => Promise<{ data: { items: { id: string; stock: number | null }[] }; errors?: Answer['errors'] }>;

beforeAll(async () => {
  const resolvers = {
    shop: {
      Query: {
        items: (_: unknown, args: { ids: string[] }) => args.ids.map((id) => ({ id, sku: `s${id}` })),
        places: () => [1, 2].map((shelf) => ({ hall: { name: 'a' }, shelf })),
      },
    },
    stock: {
      Item: {
        __resolveReference: ({ id }: { id: string }) => ({ id, stock: Number(id) * 10 }),
        label: ({ id }: { id: string }) => `item ${id}`,
      },
      Place: { __resolveReference: (place: { shelf: number }) => ({ ...place, free: place.shelf === 1 }) },
    },
  };
  const schemas = new Map<string, GraphQLSchema>();
  const services = Object.entries(SDL).map(([name, sdl]) => {
    const typeDefs = parse(sdl);
    schemas.set(name, buildSubgraphSchema({ typeDefs, resolvers: resolvers[name as keyof typeof SDL] }));
    return { name, url: `http://${name}`, typeDefs };
  });
  const { supergraphSdl = '' } = composeServices(services);
  const { executor } = await planningEngine({
    unifiedGraph: buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true }),
    getUnifiedGraphSDL: () => supergraphSdl,
    log: { error: (message: string) => void log.push(message) },
    async onSubgraphExecute(name: string, { document, variables }: { document: DocumentNode; variables: object }) {
      const schema = schemas.get(name) as GraphQLSchema;
      const answer = (await execute({ schema, document, variableValues: variables as never })) as unknown as Answer;
      if (name !== 'stock') return answer;
      sent.push(print(document).replaceAll(/\s+/g, ' '));
      return distort ? distort(JSON.parse(JSON.stringify(answer)), document) : answer;
    },
  } as never);
  ask = async (query) => {
    const result = await executor?.({ document: parse(query), variables: { ids } });
    return JSON.parse(JSON.stringify(result));
  };
});

beforeEach(() => {
  log.length = 0;
  sent = [];
  distort = undefined;
  ids = ['1', '2', '3'];
});

const QUERY = 'query ($ids: [ID!]!) { items(ids: $ids) { id stock } }';

test('whatever order a subgraph gives entities in, none is shown with the data of another', async () => {
  const order = fc
    .uniqueArray(fc.integer({ min: 1, max: 999 }).map(String), { minLength: 2, maxLength: 12 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  await fc.assert(
    fc.asyncProperty(order, fc.boolean(), async ([all, shuffled], asNumbers) => {
      ids = all;
      distort = () => ({
        data: { _entities: shuffled.map((id) => ({ id: asNumbers ? Number(id) : id, stock: Number(id) * 10 })) },
      });
      const { data, errors = [] } = await ask(QUERY);
      const isRight = all.map((id, index) => shuffled[index] === id);
      expect(data.items).toEqual(all.map((id, index) => ({ id, stock: isRight[index] ? Number(id) * 10 : null })));
      expect(errors.map(({ path }) => path)).toEqual(
        all.flatMap((_, index) => (isRight[index] ? [] : [['items', index, 'stock']])),
      );
    }),
    { numRuns: 200 },
  );
});

test('the keys are asked for beside what the client wants, of one entity as of several', async () => {
  expect((await ask(QUERY)).data.items).toEqual(ids.map((id) => ({ id, stock: Number(id) * 10 })));
  ids = ['1'];
  expect((await ask(QUERY)).data.items).toEqual([{ id: '1', stock: 10 }]);
  expect(sent.map((document) => document.includes('stock id }'))).toEqual([true, true]);
  expect(log).toEqual([]);
});

test('a subgraph that cannot give the key of its entities is asked without it', async () => {
  const query = QUERY.replace('stock', 'sku stock');
  distort = (answer, document) =>
    / id\b/.test(print(document).split('on Item')[1] ?? '')
      ? { data: { _entities: ids.map(() => null) }, errors: [{ message: 'no id', path: ['_entities', 0, 'id'] }] }
      : answer;
  const { data, errors } = await ask(query);
  expect(errors).toBeUndefined();
  expect(data.items.map(({ stock }) => stock)).toEqual([10, 20, 30]);
  expect(sent).toHaveLength(2);
  expect(log).toEqual([expect.stringContaining('order is not checked')]);
});

test('a name that the client gave to something else is not taken for the key', async () => {
  const { data, errors } = await ask('query ($ids: [ID!]!) { items(ids: $ids) { sku id: label(id: "x") stock } }');
  expect(errors).toBeUndefined();
  expect(data.items).toEqual(ids.map((id) => ({ sku: `s${id}`, id: `item ${id}`, stock: Number(id) * 10 })));
});

test('keys with fields within fields are left unchecked', async () => {
  const { data, errors } = await ask('{ places { shelf free } }');
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    places: [
      { shelf: 1, free: true },
      { shelf: 2, free: false },
    ],
  });
});
