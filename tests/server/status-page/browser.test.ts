import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useAdmin } from '../../../plugins/server/index.ts';
import { startGateway, type TestGateway } from '../../harness/gateway.ts';
import { freePort } from '../../harness/redis.ts';
import { federated, startSubgraph, type TestSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { HOSTILE, hostileParts } from './hostile-parts.ts';

// The page as a browser shows it. With STATUS_PAGE_PICTURE=<file>, it is also written there as a picture, after a minute
// of traffic.

const PICTURE = process.env.STATUS_PAGE_PICTURE;
const PHONE = { width: 375, height: 700 };
const DESK = { width: 1200, height: 900 };

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
});
afterAll(() => browser?.close());

/** Shows it, and gives with it what the browser had to complain of: errors, and what the page's policy forbids. */
async function show(url: string, viewport = DESK): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== url) complaints.push(`asked for ${request.url()}`);
  });
  const response = await page.goto(url);
  expect(response?.status()).toBe(200);
  return { page, complaints };
}

async function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

describe('with what others have put into it', () => {
  let url: string;
  let close: () => unknown;
  beforeAll(async () => {
    const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
    const log = { info: ({ address }: { address: AddressInfo }) => resolve(address), error: reject };
    const admin = useAdmin({ port: 0, status: hostileParts, log: log as never });
    admin.onYogaInit?.({} as never);
    close = () => (admin.onDispose as () => unknown)();
    url = `http://127.0.0.1:${(await promise).port}/`;
  });
  afterAll(() => close?.());

  test.each(['light', 'dark'] as const)(
    'nothing of it runs or is markup, and it fits a phone: %s',
    async (colorScheme) => {
      const { page, complaints } = await show(url, PHONE);
      await page.emulateMedia({ colorScheme });
      expect(await page.title()).toBe('degraded · Gatehouse');
      expect(await page.locator('script, img').count()).toBe(0);
      expect(await page.locator('tbody th', { hasText: HOSTILE }).count()).toBeGreaterThan(3);
      expect(await page.locator('.conflict pre', { hasText: HOSTILE }).count()).toBe(20);
      expect(await page.locator('.diff li', { hasText: HOSTILE }).count()).toBe(1);
      expect(await overflow(page)).toBe(0);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );
});

describe('of a gateway at work', () => {
  const ITEMS = 'type Query { item: Item %s } type Item @key(fields: "id") { id: ID! name: String %s }';
  const sdl = (fields: string, itemFields: string): string =>
    federated(ITEMS.replace('%s', fields).replace('%s', itemFields));
  const STOCK = federated('type Query { stock: Int } type Item @key(fields: "id") { id: ID! stock: Int }');
  /** Says of `Item.name` otherwise than `items` does. */
  const STOCK_IN_CONFLICT = federated(
    'type Query { stock: Int } type Item @key(fields: "id") { id: ID! stock: Int name: Int }',
  );
  const resolvers = {
    Query: { item: () => ({ id: '1', name: 'Chair', price: 5 }), stock: () => 7 },
    Item: { __resolveReference: () => ({ id: '1', stock: 7 }) },
  };
  let items: TestSubgraph;
  let stock: TestSubgraph;
  let gateway: TestGateway;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    items = await startSubgraph('items', sdl('old: String', 'size: Int'), resolvers);
    stock = await startSubgraph('stock', STOCK, resolvers);
    const config = new URL('gateway.config.ts', import.meta.url).pathname;
    gateway = await startGateway({ subgraphs: [items, stock], config, env: { ADMIN_PORT: String(port) } });
    url = `http://127.0.0.1:${port}/`;
    const { version } = (await gateway.health()).supergraph;
    items.change(sdl('', 'size: Int price: Int'));
    await until('the reload', async () => (await gateway.health()).supergraph.version !== version);
    stock.change(STOCK_IN_CONFLICT);
    await until('the conflict', async () => (await gateway.health()).supergraph.status === 'conflict');
    await traffic();
  });
  afterAll(async () => {
    await Promise.all([gateway, items, stock].map((one) => one?.[Symbol.asyncDispose]()));
  });

  async function traffic(): Promise<void> {
    for (let count = 0; count < 10; count++) await gateway.query('{ item { id name price stock } }');
    for (let count = 0; count < 4; count++) await gateway.query('query Few { stock }');
    await gateway.query('{ nothing }');
  }

  test('it tells of subgraphs, the supergraph and its reloads, conflicts, caches, limits and subscriptions', async () => {
    if (PICTURE !== undefined) await workForAWhile();
    const { page, complaints } = await show(url);
    const textOf = (heading: string): Promise<string> =>
      page.locator('section', { hasText: heading }).first().innerText();

    expect(await page.title()).toBe('degraded · Gatehouse');
    const row = page.locator('tr', { has: page.getByRole('rowheader', { name: 'items', exact: true }) });
    expect(await row.innerText()).toMatch(/items\s+ok\s+closed\s+[\d.]+ ms\s+\d+ s ago/);

    const supergraph = await textOf('Supergraph');
    expect(supergraph).toContain((await gateway.health()).supergraph.version);
    expect(supergraph).toMatch(/Conflicts: \d/);
    expect(supergraph).toContain('FIELD_TYPE_MISMATCH');
    expect(supergraph).toContain('Item.name');
    expect(supergraph).toContain('Way out');
    const changes = await page.locator('.diff li').allInnerTexts();
    expect(changes[0]).toMatch(/^breaking\s+Query\.old\s.*removed/);
    expect(changes.join('\n')).toMatch(/safe\s+Item\.price\s.*added/);

    expect(await textOf('Caches')).toMatch(/Responses, L1 \(memory\)\s+[6-9]\d(\.\d)? %/);
    const rows = await page.locator('section', { hasText: 'Limits' }).locator('tbody tr').allInnerTexts();
    expect(rows).toEqual([expect.stringMatching(/few\s.*at its limit\s+0 of 3/), expect.stringMatching(/all\s.*ok\s/)]);
    expect(await textOf('Live subscriptions')).toContain('0 WebSockets');
    expect(await textOf('Operations and errors')).toMatch(/Operations\s+\d+[^]+RATE_LIMITED\s+\d/);
    expect(complaints).toEqual([]);
    if (PICTURE !== undefined) await page.screenshot({ path: PICTURE, fullPage: true });
    await page.close();
  });

  test('each table can be read by its heads, each line has words, and no state is told by colour alone', async () => {
    const { page } = await show(url);
    for (const table of await page.locator('table').all()) {
      expect(await table.locator('caption').count()).toBe(1);
      const heads = await table.locator('thead th[scope=col]').count();
      for (const row of await table.locator('tbody tr').all()) {
        expect(await row.locator('th[scope=row]').count()).toBe(1);
        expect(await row.locator('th, td').count()).toBe(heads);
      }
    }
    for (const line of await page.locator('svg').all()) {
      expect(await line.getAttribute('role')).toBe('img');
      expect(await line.getAttribute('aria-label')).toMatch(/\w/);
    }
    for (const state of await page.locator('.state').all()) expect(await state.innerText()).toMatch(/\w/);
    await page.close();
  });

  test('on a phone, nothing is wider than the screen', async () => {
    const { page } = await show(url, PHONE);
    expect(await overflow(page)).toBe(0);
    await page.close();
  });

  /** So that the lines have something to show. */
  async function workForAWhile(): Promise<void> {
    const end = Date.now() + 60_000;
    await until(
      'a minute',
      async () => {
        await sleep(Math.random() * 200);
        await traffic();
        return Date.now() > end;
      },
      70_000,
    );
  }
});
