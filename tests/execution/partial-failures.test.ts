import { composeServices } from '@theguild/federation-composition';
import { buildSchema, execute, OperationTypeNode, parse, subscribe, type GraphQLSchema } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildSubgraphSchema } from '../../subgraphs/server/federation-schema.ts';
import { planningEngine } from '../../plugins/execution/index.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';

const ITEMS = `${LINK}
  type Query { item: Item items: [Item!]! other: String }
  type Mutation { touch: Item }
  type Subscription { touched: Item }
  type Item @key(fields: "id") { id: ID! name: String }
`;
const STOCK = `${LINK}
  type Query { level: Int }
  type Item @key(fields: "id") { id: ID! stock: Int place: Place! }
  type Place { shelf: String! }
`;

const item = (id: string) => ({ __typename: 'Item', id, name: `item ${id}` });
const subgraphs: Record<string, GraphQLSchema> = {
  items: buildSubgraphSchema({
    typeDefs: parse(ITEMS),
    resolvers: {
      Query: { item: () => item('1'), items: () => [item('1'), item('2'), item('1')], other: () => 'here' },
      Mutation: { touch: () => item('1') },
      Subscription: {
        touched: {
          async *subscribe() {
            yield { touched: item('1') };
            yield { touched: item('2') };
          },
        },
      },
    },
  }),
  stock: buildSubgraphSchema({
    typeDefs: parse(STOCK),
    resolvers: {
      Query: { level: () => 3 },
      Item: {
        __resolveReference: ({ id }: { id: string }) => ({ id, stock: Number(id) * 10, place: { shelf: `s${id}` } }),
      },
    },
  }),
};

interface Request {
  readonly document: ReturnType<typeof parse>;
  readonly variables?: Record<string, unknown>;
  readonly operationType?: string;
}
type Answer = { data?: unknown; errors?: { message: string; path?: (string | number)[] }[] };
type Executor = (request: object) => Promise<Answer | AsyncIterable<Answer>>;

let executor: Executor;
let fault: ((answer: Answer, representations: number) => Answer | Promise<Answer>) | undefined;
let calls: { graph: string; variables: Record<string, unknown> | undefined }[] = [];

beforeAll(async () => {
  const services = Object.entries({ items: ITEMS, stock: STOCK }).map(([name, sdl]) => ({
    name,
    url: `http://${name}`,
    typeDefs: parse(sdl),
  }));
  const { supergraphSdl } = composeServices(services);
  if (!supergraphSdl) throw new Error('does not compose');
  const engine = await planningEngine({
    unifiedGraph: buildSchema(supergraphSdl, { assumeValid: true, assumeValidSDL: true }),
    getUnifiedGraphSDL: () => supergraphSdl,
    async onSubgraphExecute(graph: string, request: Request) {
      calls.push({ graph, variables: request.variables });
      const schema = subgraphs[graph] as GraphQLSchema;
      const { document, variables: variableValues = {} } = request;
      if (request.operationType === OperationTypeNode.SUBSCRIPTION)
        return subscribe({ schema, document, variableValues });
      const answer = (await execute({ schema, document, variableValues })) as unknown as Answer;
      const representations = request.variables?.representations as unknown[] | undefined;
      return fault && graph === 'stock'
        ? fault(JSON.parse(JSON.stringify(answer)), representations?.length ?? 0)
        : answer;
    },
  } as never);
  executor = engine.executor as unknown as Executor;
});

async function ask(query: string): Promise<Answer[]> {
  calls = [];
  const result = await executor({ document: parse(query), variables: {} });
  if (!(Symbol.asyncIterator in result)) return [JSON.parse(JSON.stringify(result))];
  const events: Answer[] = [];
  for await (const event of result) events.push(JSON.parse(JSON.stringify(event)));
  return events;
}

const paths = ({ errors = [] }: Answer) => errors.map(({ path }) => path?.join('.')).toSorted();

/** Each leaves the fields of the subgraph "stock" without a value. */
const FAULTS: Record<string, NonNullable<typeof fault>> = {
  'the call fails': () => Promise.reject(new Error('connection refused')),
  'an error and no data': () => ({ errors: [{ message: 'broken' }] }),
  'an error and null data': () => ({ data: null, errors: [{ message: 'broken' }] }),
  'neither data nor errors': () => ({}),
  'data that is no object': () => ({ data: [1, 2] }),
  'entities that are no list': () => ({ data: { _entities: 'x' } }),
  'too few entities': (answer) => ({
    data: { _entities: (answer.data as { _entities: unknown[] })._entities?.slice(1) },
  }),
  'too many entities': (_, count) => ({ data: { _entities: Array.from({ length: count + 1 }, () => ({ stock: 1 })) } }),
};

describe.each(Object.entries(FAULTS))('when of one subgraph there comes: %s', (_, make) => {
  test('a nested entity keeps what others gave, with an error at each missing field', async () => {
    fault = make;
    const [answer = {}] = await ask('{ item { name stock } other }');
    expect(answer.data).toEqual({ item: { name: 'item 1', stock: null }, other: 'here' });
    expect(paths(answer)).toEqual(['item.stock']);
  });

  test('each entity of a list has its own error, with its index, though equal ones were asked for once', async () => {
    fault = make;
    const [answer = {}] = await ask('{ items { id stock } }');
    expect(answer.data).toEqual({ items: ['1', '2', '1'].map((id) => ({ id, stock: null })) });
    expect(paths(answer)).toEqual(['items.0.stock', 'items.1.stock', 'items.2.stock']);
    expect(calls[1]?.variables).toEqual({ representations: ['1', '2'].map((id) => ({ __typename: 'Item', id })) });
  });

  test('a field that cannot be null takes its object with it, with one error that says so', async () => {
    fault = make;
    const [answer = {}] = await ask('{ item { name place { shelf } } other }');
    expect(answer.data).toEqual({ item: null, other: 'here' });
    expect(paths(answer)).toEqual(['item.place']);
  });

  test('a mutation answers with what it did', async () => {
    fault = make;
    const [answer = {}] = await ask('mutation { touch { name stock } }');
    expect(answer.data).toEqual({ touch: { name: 'item 1', stock: null } });
    expect(paths(answer)).toEqual(['touch.stock']);
  });

  test('each event of a subscription has its own errors and data, none of an earlier one', async () => {
    let events = 0;
    fault = (answer, count) => (++events === 1 ? make(answer, count) : answer);
    const [first = {}, second = {}] = await ask('subscription { touched { name stock } }');
    expect(first.data).toEqual({ touched: { name: 'item 1', stock: null } });
    expect(paths(first)).toEqual(['touched.stock']);
    expect(second).toEqual({ data: { touched: { name: 'item 2', stock: 20 } } });
  });

  test('every error names the subgraph and a code', async () => {
    fault = make;
    const [answer = {}] = await ask('{ items { stock } }');
    for (const error of answer.errors ?? []) {
      expect(error).toMatchObject({ extensions: { service: 'stock', code: 'SUBGRAPH_ERROR' } });
    }
  });
});

test('a root field of the broken subgraph is null with an error at its path, and data is never left out', async () => {
  fault = FAULTS['the call fails'];
  expect(await ask('{ level other }')).toEqual([
    { data: { level: null, other: 'here' }, errors: [expect.objectContaining({ path: ['level'] })] },
  ]);
  expect(await ask('{ level }')).toEqual([
    { data: { level: null }, errors: [expect.objectContaining({ path: ['level'] })] },
  ]);
});

test('an error of one entity stands at every place of that entity, and the others have their data', async () => {
  fault = (answer) => {
    const { _entities: entities } = answer.data as { _entities: ({ stock: number | null } | null)[] };
    return {
      data: { _entities: [{ ...entities[0], stock: null }, entities[1]] },
      errors: [{ message: 'no stock', path: ['_entities', 0, 'stock'] }],
    };
  };
  const [answer = {}] = await ask('{ items { stock } }');
  expect(answer.data).toEqual({ items: [{ stock: null }, { stock: 20 }, { stock: null }] });
  expect(paths(answer)).toEqual(['items.0.stock', 'items.2.stock']);
});

test('an entity that a subgraph does not know is null without an error, and bubbles with one', async () => {
  fault = (_, count) => ({ data: { _entities: Array.from({ length: count }, () => null) } });
  expect(await ask('{ item { name stock } }')).toEqual([{ data: { item: { name: 'item 1', stock: null } } }]);
  const [answer = {}] = await ask('{ item { name place { shelf } } }');
  expect(answer.data).toEqual({ item: null });
  expect(paths(answer)).toEqual(['item.place']);
});

test('a value that its field cannot have is null with an error', async () => {
  fault = () => ({ data: { _entities: [{ __typename: 'Item', stock: { no: 'number' } }] } });
  const [answer = {}] = await ask('{ item { stock } }');
  expect(answer.data).toEqual({ item: { stock: null } });
  expect(paths(answer)).toEqual(['item.stock']);
});

test('a list that is selected twice is one list', async () => {
  fault = undefined;
  expect(await ask('{ items { id } items { name stock } }')).toEqual([
    { data: { items: ['1', '2', '1'].map((id) => ({ id, name: `item ${id}`, stock: Number(id) * 10 })) } },
  ]);
});

test('introspection beside data is answered with it', async () => {
  fault = undefined;
  expect(await ask('{ other __schema { queryType { name } } __typename }')).toEqual([
    { data: { other: 'here', __typename: 'Query', __schema: { queryType: { name: 'Query' } } } },
  ]);
});
