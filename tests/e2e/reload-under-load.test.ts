import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startGateway, type TestGateway } from '../harness/gateway.ts';
import { federated, startSubgraph } from '../harness/subgraph.ts';
import { until } from '../harness/until.ts';

const RELOADS = 30;
const REQUESTS_PER_SECOND = 200;
/** A client has only so many connections. */
const MOST_PENDING = 200;
/** ms; so that at any moment some requests are under way. */
const UPSTREAM_LATENCY = 40;

const ITEMS = federated(`
  type Query { items: [Item!]! }
  type Mutation { order(id: ID!): ID! }
  type Item @key(fields: "id") { id: ID! name: String }
`);
const stockAt = (revision: number) =>
  federated(`type Query { revision${revision}: Int } type Item @key(fields: "id") { id: ID! stock: Int }`);
/** Says of `Item.name` what `ITEMS` contradicts. */
const CONFLICTING = federated('type Query { none: Int } type Item @key(fields: "id") { id: ID! stock: Int name: Int }');

interface Load {
  readonly sent: string[];
  readonly failures: string[];
  stop(): Promise<void>;
}

/** Alternates a query over both subgraphs and a mutation with an id of its own, at a steady rate. */
function startLoad(gateway: TestGateway): Load {
  const sent: string[] = [];
  const failures: string[] = [];
  const pending = new Set<Promise<void>>();
  let count = 0;

  async function send(): Promise<void> {
    const isMutation = count++ % 2 === 1;
    const id = `order-${count}`;
    if (isMutation) sent.push(id);
    const query = isMutation ? 'mutation ($id: ID!) { order(id: $id) }' : '{ items { id name stock } }';
    const expected = isMutation ? { data: { order: id } } : { data: { items: [{ id: '1', name: 'Chair', stock: 7 }] } };
    try {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables: isMutation ? { id } : {} }),
      });
      const text = await response.text();
      if (response.status !== 200 || text !== JSON.stringify(expected)) failures.push(`${response.status} ${text}`);
    } catch (error) {
      failures.push(`${String(error)}: ${String((error as Error).cause)}`);
    }
  }

  const began = performance.now();
  const timer = setInterval(() => {
    // A timer that fires late sends what became due meanwhile: the rate holds on a busy machine.
    const due = ((performance.now() - began) / 1_000) * REQUESTS_PER_SECOND;
    while (count < due && pending.size < MOST_PENDING) {
      const sending = send().finally(() => pending.delete(sending));
      pending.add(sending);
    }
  }, 1_000 / REQUESTS_PER_SECOND);
  return {
    sent,
    failures,
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
    },
  };
}

test(
  'under 200 requests a second, 30 reloads (half of them conflicting) fail no request and repeat no mutation',
  { timeout: 120_000 },
  async () => {
    const executed = new Map<string, number>();
    await using items = await startSubgraph('items', ITEMS, {
      Query: { items: () => [{ id: '1', name: 'Chair' }] },
      Mutation: {
        async order(_: unknown, { id }: { id: string }) {
          executed.set(id, (executed.get(id) ?? 0) + 1);
          await sleep(UPSTREAM_LATENCY);
          return id;
        },
      },
    });
    await using stock = await startSubgraph('stock', stockAt(0), {
      Item: {
        async __resolveReference({ id }: { id: string }) {
          await sleep(UPSTREAM_LATENCY);
          return { id, stock: 7 };
        },
      },
    });
    await using gateway = await startGateway({ subgraphs: [items, stock], env: { COMPOSITION_POLL_INTERVAL: '50' } });
    const load = startLoad(gateway);
    const began = Date.now();
    const versions = new Set<string | null>();

    for (let reload = 1; reload <= RELOADS; reload++) {
      const { version } = (await gateway.health()).supergraph;
      versions.add(version);
      const conflicts = reload % 2 === 0;
      stock.change(conflicts ? CONFLICTING : stockAt(reload));
      await until(`reload ${reload}`, async () => {
        const { supergraph } = await gateway.health();
        return conflicts ? supergraph.status === 'conflict' : supergraph.version !== version;
      });
    }
    await load.stop();
    const seconds = (Date.now() - began) / 1_000;

    expect(load.failures.slice(0, 3)).toEqual([]);
    expect(versions.size).toBe(RELOADS / 2 + 1);
    expect(load.sent.length * 2).toBeGreaterThan(REQUESTS_PER_SECOND * seconds * 0.8);
    expect(load.sent.filter((id) => executed.get(id) !== 1)).toEqual([]);
    expect(executed.size).toBe(load.sent.length);
  },
);
