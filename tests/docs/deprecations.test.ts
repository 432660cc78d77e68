import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSchema, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DEMO_AUDIENCE,
  startIdentityProvider,
  type DemoIdentityProvider,
} from '../../commands/demo/identity-provider.ts';
import { jwtUser } from '../../commands/demo/users.ts';
import { deprecatedIn, usedOf } from '../../examples/plugins/deprecations/deprecated.ts';
import { useDeprecations } from '../../examples/plugins/deprecations/index.ts';
import { operationProfiles } from '../../plugins/operation/index.ts';
import { readText } from '../deploy/repository.ts';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { freePort } from '../harness/redis.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';
import { copyRepository, type RepositoryCopy } from './repository-copy.ts';

// The worked example of docs/write-your-own-plugin.md, on a real gateway, put into its configuration as the page says.

const SDL = `
  type Query {
    item(id: ID!, sku: String @deprecated(reason: "Use id.")): Item
    named: Named
  }
  interface Named { name: String title: String @deprecated(reason: "Use name.") }
  type Item implements Named @key(fields: "id") { id: ID! name: String title: String @deprecated(reason: "Use name.") }
`;

describe('what of a schema is deprecated', () => {
  const schema = buildSchema(SDL.replace('@key(fields: "id")', ''));

  test('has fields of objects and interfaces, and arguments, with the reasons', () => {
    expect([...deprecatedIn(schema)]).toEqual([
      ['Query.item(sku:)', 'Use id.'],
      ['Named.title', 'Use name.'],
      ['Item.title', 'Use name.'],
    ]);
  });

  test.each([
    ['{ item(id: 1) { name } }', []],
    ['{ item(id: 1) { title } }', ['Item.title']],
    ['{ item(id: 1, sku: "a") { ...T } } fragment T on Item { title }', ['Query.item(sku:)', 'Item.title']],
    ['{ named { title ... on Item { name } } }', ['Named.title']],
  ])('%s uses %j', (text, used) => {
    const profile = operationProfiles().profileOf(schema, parse(text), undefined);
    expect([...usedOf(deprecatedIn(schema), profile?.touched.fields ?? new Map())]).toEqual(used);
  });
});

test('a wrong coordinate stops the start, with the option and what it takes', () => {
  expect(() => useDeprecations({ except: ['Item'], log: { warn: () => {} } })).toThrow(
    'useDeprecations: except has "Item"; it takes coordinates such as "Product.sku"',
  );
});

describe('on a gateway', () => {
  let items: TestSubgraph;
  let identity: DemoIdentityProvider;
  let copy: RepositoryCopy;
  let gateway: TestGateway;
  let admin: string;

  beforeAll(async () => {
    const item = { id: '1', name: 'Chair', title: 'A chair' };
    const resolvers = { Query: { item: () => item }, Item: { __resolveReference: () => item } };
    const [port] = await Promise.all([
      freePort(),
      startSubgraph('items', federated(SDL), resolvers).then((started) => (items = started)),
      startIdentityProvider().then((started) => (identity = started)),
      copyRepository().then((made) => (copy = made)),
    ]);
    admin = `http://127.0.0.1:${port}`;
    const config = join(copy.path, 'gateway.config.ts');
    await writeFile(config, configured(await readFile(config, 'utf8')));
    const env = {
      ADMIN_PORT: String(port),
      JWT_ISSUER: identity.issuer,
      JWT_AUDIENCE: DEMO_AUDIENCE,
      JWKS_URI: identity.jwksUri,
    };
    gateway = await startGateway({ subgraphs: [items], config, env });
  });
  afterAll(async () => {
    await Promise.all([gateway, items, copy].map((started) => started?.[Symbol.asyncDispose]()));
    await identity?.close();
  });

  async function ask(query: string, token?: string): Promise<unknown> {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query }),
    });
    return response.json();
  }

  test('each use is counted with its client, and logged once', async () => {
    const token = await identity.signs(jwtUser);
    const answer = { data: { item: { title: 'A chair' } } };
    expect(await ask('{ item(id: 1) { title } }')).toEqual(answer);
    expect(await ask('{ item(id: 1) { title } }')).toEqual(answer);
    expect(await ask('{ item(id: 1, sku: "a") { title } }', token)).toEqual(answer);
    expect(await ask('{ item(id: 1) { name } }', token)).toEqual({ data: { item: { name: 'Chair' } } });

    const lines = await until('the uses to be counted', async () => {
      const page = await (await fetch(`${admin}/metrics`)).text();
      return page.match(/^gatehouse_deprecations_uses_total\{.*$/gm);
    });
    const counted = lines.map((line) => [
      /coordinate="([^"]*)"/.exec(line)?.[1],
      /client="([^"]*)"/.exec(line)?.[1],
      line.split(' ').at(-1),
    ]);
    expect(new Set(counted)).toEqual(
      new Set([
        ['Item.title', 'anonymous', '2'],
        ['Item.title', 'gatehouse-demo-client', '1'],
        ['Query.item(sku:)', 'gatehouse-demo-client', '1'],
      ]),
    );
    expect(gateway.log().match(/Something deprecated is in use/g)).toHaveLength(3);
  });
});

/** The configuration with the lines that the page has for it. */
function configured(config: string): string {
  const page = readText('docs/write-your-own-plugin.md');
  const [, importLine = '', before = '', line = ''] =
    /```ts\n(import \{ useDeprecations \}.*)\n\/\/ \.\.\.\n(.*\n)(.*useDeprecations.*\n)```/.exec(page) ?? [];
  expect(config.split(before)).toHaveLength(2);
  return `${importLine}\n${config.replace(before, before + line)}`;
}
