import { expect, test } from 'vitest';
import { startGateway } from '../harness/gateway.ts';
import { freePort } from '../harness/redis.ts';
import { federated, startSubgraph } from '../harness/subgraph.ts';

const IN_BROWSER = { headers: { accept: 'text/html' } };
const INTROSPECTION = { query: '{ __schema { queryType { name } } }' };

function ask(url: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function isPlayground(url: string): Promise<boolean> {
  return (await (await fetch(`${url}/graphql`, IN_BROWSER)).text()).includes('<title>Hive Gateway</title>');
}

test('in development, a page leads to the playground, health and the status page, and everyone may know the schema', async () => {
  await using subgraph = await startSubgraph('hello', federated('type Query { hello: String }'));
  const adminPort = await freePort();
  const env = { GATEHOUSE_MODE: 'development', ADMIN_PORT: String(adminPort) };
  await using gateway = await startGateway({ subgraphs: [subgraph], env });

  const page = await fetch(`${gateway.url}/`, IN_BROWSER);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const links = [...(await page.text()).matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
  expect(links).toEqual(['/graphql', '/health', `http://127.0.0.1:${adminPort}/`]);
  for (const link of links) {
    const linked = await fetch(new URL(link, gateway.url), IN_BROWSER);
    expect([link, linked.status]).toEqual([link, 200]);
  }
  expect(await isPlayground(gateway.url)).toBe(true);
  expect(await (await ask(gateway.url, INTROSPECTION)).json()).toHaveProperty('data.__schema.queryType.name', 'Query');
});

test('otherwise there are no such pages, and who has no credential is told nothing of the schema', async () => {
  await using subgraph = await startSubgraph('hello', federated('type Query { hello: String }'));
  await using gateway = await startGateway({ subgraphs: [subgraph] });

  expect((await fetch(`${gateway.url}/`, IN_BROWSER)).status).toBe(404);
  expect(await isPlayground(gateway.url)).toBe(false);
  expect(await (await ask(gateway.url, INTROSPECTION)).json()).not.toHaveProperty('data.__schema');
  expect(await (await ask(gateway.url, { query: '{ hell }' })).text()).not.toContain('hello');
});
