import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../harness/command.ts';
import { federated, startSubgraph, type TestSubgraph } from '../harness/subgraph.ts';

const ITEMS = federated('type Query { item: Item } type Item @key(fields: "id") { id: ID! name: String old: Int }');
const STOCK = federated('type Item @key(fields: "id") { id: ID! stock: Int }');

let items: TestSubgraph;
let stock: TestSubgraph;
let directory: string;

beforeAll(async () => {
  items = await startSubgraph('items', ITEMS);
  stock = await startSubgraph('stock', STOCK);
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-commands-'));
});

afterAll(async () => {
  await items?.[Symbol.asyncDispose]();
  await stock?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function run(command: string, ...args: string[]) {
  return runCommand(command, args, {
    SUBGRAPHS: `items=${items.url},stock=${stock.url}`,
    GATEHOUSE_DIR: join(directory, 'state'),
  });
}

async function sdlFile(sdl: string): Promise<string> {
  const path = join(directory, 'changed.graphql');
  await writeFile(path, sdl);
  return path;
}

describe('npm run compose', () => {
  test('writes the supergraph of the running subgraphs to --out', async () => {
    const out = join(directory, 'supergraph.graphql');
    const { code, stderr } = await run('compose', '--out', out);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/Composed supergraph \w+ of 2 subgraphs/),
    });
    expect(await readFile(out, 'utf8')).toContain('enum join__Graph');
  });

  test('prints the conflicts and exits with 1 when they do not compose', async () => {
    stock.change(federated('type Item @key(fields: "id") { id: ID! stock: Int name: Int }'));
    const { code, stdout, stderr } = await run('compose', '--format', 'json');
    stock.change(STOCK);
    expect(code).toBe(1);
    // It is there with --format text too.
    expect(stderr).toMatch(/FIELD_TYPE_MISMATCH[\s\S]*Item\.name/);
    expect(JSON.parse(stdout)).toMatchObject({
      composes: false,
      conflicts: expect.arrayContaining([
        expect.objectContaining({
          code: 'FIELD_TYPE_MISMATCH',
          subgraphs: ['items', 'stock'],
          coordinates: ['Item.name'],
        }),
      ]),
    });
  });

  test('names a subgraph that cannot be reached and exits with 1', async () => {
    await stock.stop();
    const { code, stderr } = await run('compose');
    await stock.start();
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('No schema from "stock"') });
  });

  test('a wrong argument is answered with what it takes', async () => {
    const { code, stderr } = await run('compose', '--format', 'yaml');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('--format is "yaml"; it takes text or json'),
    });
  });
});

describe('npm run check:schema', () => {
  test('lists safe changes and exits with 0', async () => {
    const path = await sdlFile(ITEMS.replace('name: String', 'name: String price: Int'));
    const { code, stdout } = await run('check-schema', '--subgraph', `items=${path}`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/safe\s+Field 'price' was added/) });
  });

  test('lists breaking changes and exits with 1', async () => {
    const path = await sdlFile(ITEMS.replace('old: Int', ''));
    const { code, stdout } = await run('check-schema', '--subgraph', `items=${path}`, '--format', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout).changes).toContainEqual({
      level: 'breaking',
      message: expect.stringContaining("'old' was removed"),
      coordinate: 'Item.old',
    });
  });

  test('prints a conflict and exits with 1', async () => {
    const path = await sdlFile(ITEMS.replace('name: String', 'name: String stock: String'));
    const { code, stderr } = await run('check-schema', '--subgraph', `items=${path}`);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Item.stock') });
  });

  test('refuses a subgraph that is not configured, naming those that are', async () => {
    const { code, stderr } = await run('check-schema', '--subgraph', 'nobody=/dev/null');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('items, stock') });
  });
});
