import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../harness/gateway.ts';
import { federated, startSubgraph } from '../harness/subgraph.ts';

test('of several operations the one that is named is run; without a name, or with another, none is', async () => {
  const subgraph = await startSubgraph('a', federated('type Query { a: Int b: Int }'), {
    Query: { a: () => 1, b: () => 2 },
  });
  onTestFinished(() => subgraph[Symbol.asyncDispose]());
  await using gateway = await startGateway({ subgraphs: [subgraph] });
  const post = async (query: string, operationName?: string) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query, operationName }),
    });
    return {
      status: response.status,
      ...((await response.json()) as { data?: unknown; errors?: { message: string }[] }),
    };
  };
  const both = 'query A { a } query B { b }';
  expect(await post(both, 'B')).toEqual({ status: 200, data: { b: 2 } });
  expect(await post('query A { a }')).toEqual({ status: 200, data: { a: 1 } });
  for (const name of [undefined, 'C']) {
    const { status, data, errors } = await post(both, name);
    expect({ status, data: data ?? null }).toEqual({ status: 400, data: null });
    expect(errors).toHaveLength(1);
  }
  expect(subgraph.calls).toHaveLength(2);
});
