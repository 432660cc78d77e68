import { expect, test } from 'vitest';
import { startGateway } from '../../harness/gateway.ts';
import { freePort } from '../../harness/redis.ts';
import { federated, startSubgraph } from '../../harness/subgraph.ts';
import { until } from '../../harness/until.ts';
import { PRICES, startEventSubgraph } from './event-subgraph.ts';
import { openClient, type OpenClient, type Transport } from './transports.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;
/** The whole of it: RELOADS=50 RELOAD_CLIENTS=500. */
const RELOADS = Number(process.env.RELOADS ?? 4);
const CLIENTS = Number(process.env.RELOAD_CLIENTS ?? 40);
const TOPICS = 5;
/** ms between two events of a topic. */
const EVERY = 50;

const OTHER = (more: string) => federated(`type Query { own: Int } type Price @key(fields: "id") { id: ID! ${more} }`);
const OWN = OTHER('own: Int');
const TAKES_OVER = OTHER('own: Int tenant: String @override(from: "prices")');

const TRANSPORTS: readonly Transport[] = ['ws', 'ws', 'ws', 'sse', 'multipart'];
const FIELDS = ['id amount', 'amount tenant', 'key: id amount own'];

test(
  `over ${RELOADS} reloads, ${CLIENTS} subscriptions go on: none is lost, no event comes twice, and what is missing is marked`,
  { timeout: 60_000 + RELOADS * 10_000 },
  async () => {
    await using prices = await startEventSubgraph();
    await using other = await startSubgraph('other', OWN, {
      Price: { __resolveReference: ({ id }: { id: string }) => ({ id, own: 1, tenant: 'of the other' }) },
    });
    const adminPort = await freePort();
    await using gateway = await startGateway({
      subgraphs: [prices, other],
      config: CONFIG,
      env: {
        ADMIN_PORT: String(adminPort),
        SUBSCRIPTIONS: JSON.stringify({ reloadJitter: 200 }),
        SERVER: JSON.stringify({ maxConnections: { address: CLIENTS } }),
      },
    });
    const clients = Array.from({ length: CLIENTS }, (_, index) =>
      openClient(
        TRANSPORTS[index % TRANSPORTS.length] ?? 'ws',
        gateway.url,
        `subscription { priceChanged(topic: "${index % TOPICS}") { ${FIELDS[index % FIELDS.length]} } }`,
      ),
    );
    let amount = 0;
    const publish = (): void => {
      amount++;
      for (let topic = 0; topic < TOPICS; topic++) prices.publish(`${topic}`, { id: '1', amount, tenant: 'own' });
    };
    await until('all subscriptions', async () => {
      publish();
      return clients.every(({ events }) => events.length > 0);
    });
    const firsts = clients.map(({ events }) => amountOf(events[0]));
    const publishing = setInterval(publish, EVERY);
    try {
      for (let reload = 1; reload <= RELOADS; reload++) {
        const { version } = (await gateway.health()).supergraph;
        // Every other time the subgraph is to be asked for something else.
        if (reload % 2 === 0) other.change(reload % 4 === 0 ? OWN : TAKES_OVER);
        else prices.change(federated(PRICES.replace('type Query {', `type Query { reload${reload}: Int`)));
        await until('the reload', async () => (await gateway.health()).supergraph.version !== version);
      }
    } finally {
      clearInterval(publishing);
    }
    await until('the last events', () => {
      publish();
      return clients.every(({ events }) => amountOf(events.at(-1)) >= amount - 10);
    });
    const last = amount;
    await until('the very last event', () => clients.every(({ events }) => amountOf(events.at(-1)) === last));

    for (const [index, { events, ends }] of clients.entries()) {
      expect(ends).toEqual([]);
      let expected = firsts[index];
      for (const event of events) {
        const got = amountOf(event);
        if (got !== expected) expect([got > Number(expected), gapOf(event)]).toEqual([true, 'schema-reload']);
        expected = got + 1;
      }
    }
    for (const client of clients) client.close();
    await until('all to be released', () => prices.live() === 0);
    await until('nothing to be left', async () => {
      const status = (await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()) as {
        subscriptions: Record<'subscriptions' | 'channels' | 'sources' | 'callers', number>;
      };
      const { subscriptions, channels, sources, callers } = status.subscriptions;
      return subscriptions + channels + sources + callers === 0;
    });
  },
);

type Event = OpenClient['events'][number] | undefined;

function amountOf(event: Event): number {
  return Number((event?.data as { priceChanged?: { amount?: number } } | undefined)?.priceChanged?.amount);
}

function gapOf(event: Event): unknown {
  return (event as { extensions?: { gatehouse?: { gap?: unknown } } } | undefined)?.extensions?.gatehouse?.gap;
}
