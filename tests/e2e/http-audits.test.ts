import { auditServer } from 'graphql-http';
import { expect, test } from 'vitest';
import { startGateway } from '../harness/gateway.ts';
import { federated, startSubgraph } from '../harness/subgraph.ts';

/** How many audits graphql-http 1.23 has. */
const AUDITS = 61;

test('it is a GraphQL-over-HTTP server: all audits of graphql-http pass', async () => {
  await using subgraph = await startSubgraph('hello', federated('type Query { hello: String }'));
  await using gateway = await startGateway({ subgraphs: [subgraph] });

  const results = await auditServer({ url: `${gateway.url}/graphql` });

  const failed = results
    .filter((result) => result.status !== 'ok')
    .map(({ id, name, status }) => `${id} ${name}: ${status}`);
  expect(failed).toEqual([]);
  expect(results).toHaveLength(AUDITS);
});
