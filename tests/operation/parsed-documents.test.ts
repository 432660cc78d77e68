import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../harness/gateway.ts';
import { federated, startSubgraph } from '../harness/subgraph.ts';

/** Documents as large as may be: 9 MB of memory each. */
const REQUESTS = 90;
const FIELDS = 19_000;

test('documents as large as may be, one after another, do not fill the memory', async () => {
  const subgraph = await startSubgraph('a', federated('type Query { a: Int }'), { Query: { a: () => 1 } });
  onTestFinished(() => subgraph[Symbol.asyncDispose]());
  await using gateway = await startGateway({
    subgraphs: [subgraph],
    env: { NODE_OPTIONS: '--max-old-space-size=512' },
  });
  const fields = Array.from({ length: FIELDS }, (_, at) => `x${at % 10}`).join(' ');
  const ask = async (n: number): Promise<number> => {
    const body = JSON.stringify({ query: `{ ${fields} y${n} }` });
    const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
    const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    return response.status;
  };
  for (let n = 0; n < REQUESTS; n++) expect(await ask(n)).toBe(400);
  expect((await gateway.query('{ a }')).data).toEqual({ a: 1 });
});
