import { auditServer } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';

/** How many audits graphql-http 1.23 has. */
const AUDITS = 61;

let subgraph: TestSubgraph;
let gateway: TestGateway;
beforeAll(async () => {
  subgraph = await startSubgraph('hello', federated('type Query { hello: String }'));
  // They ask for the schema, as nobody.
  gateway = await startGateway({ subgraphs: [subgraph], env: { GATEHOUSE_MODE: 'development' } });
}, 60_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await subgraph?.[Symbol.asyncDispose]();
});

/** A body of a length that is not told goes to the pipeline. */
const WAYS: Readonly<Record<string, (init: RequestInit) => RequestInit>> = {
  'the front door': (init) => init,
  'the pipeline': (init) =>
    typeof init.body === 'string' ? { ...init, body: new Blob([init.body]).stream(), duplex: 'half' } : init,
};

test.each(Object.keys(WAYS))('it is a GraphQL-over-HTTP server: all audits of graphql-http pass by %s', async (way) => {
  const results = await auditServer({
    url: `${gateway.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) => {
      // What no page can make a browser send: docs/cross-origin.md.
      const headers = { ...(init.headers as Record<string, string>), 'graphql-require-preflight': '1' };
      return fetch(url, { ...WAYS[way]?.(init), headers });
    },
  });

  const failed = results
    .filter((result) => result.status !== 'ok')
    .map(({ id, name, status }) => `${id} ${name}: ${status}`);
  expect(failed).toEqual([]);
  expect(results).toHaveLength(AUDITS);
});
