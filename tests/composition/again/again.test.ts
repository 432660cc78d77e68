import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDemoSubgraphs, type RunningDemo } from '../../../subgraphs/index.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';

let demo: RunningDemo;
let gateway: TestGateway;
beforeAll(async () => {
  demo = await startDemoSubgraphs({ ports: 'free' });
  const config = new URL('gateway.config.ts', import.meta.url).pathname;
  gateway = await startGateway({ subgraphs: demo.subgraphs, config });
}, 90_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await demo?.close();
});

async function send(query: string, reloads: number) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-request-id': randomUUID(),
      'x-reloads': String(reloads),
    },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as { data?: unknown; errors?: { extensions: { code: string } }[] };
  return {
    data,
    codes: errors?.map(({ extensions }) => extensions.code),
    executed: response.headers.get('x-executed'),
  };
}

const QUERY = '{ product(upc: "1") { upc } }';
const FOUND = { product: { upc: '1' } };

test('a query that a reload aborts is executed once more, and no other', async () => {
  expect(await send(QUERY, 0)).toMatchObject({ data: FOUND, executed: '1' });
  expect(await send(QUERY, 1)).toMatchObject({ data: FOUND, executed: '2' });
  expect(gateway.log().match(/aborted by a reload/g)).toHaveLength(1);
  // By nobody else either.
  expect(gateway.log()).not.toContain('useRetryOnSchemaReload');
});

test('a mutation that a reload aborts is not executed once more: it may have happened', async () => {
  const mutation = 'mutation { setStock(upc: "1", quantity: 41) { upc } }';
  expect(await send(mutation, 1)).toMatchObject({ codes: ['SCHEMA_RELOAD'], executed: '1' });
});
