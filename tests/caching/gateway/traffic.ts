import { setTimeout as sleep } from 'node:timers/promises';
import type { Invalidation } from '../../../plugins/caching/index.ts';
import { ask, type Asked } from './ask.ts';
import type { CachedFederation } from './cached-federation.ts';
import { invalidate, type CachingGateway } from './caching-gateway.ts';

/** The prices and stocks of a federation are versions here: they only grow. Times are of one clock, in ms. */
type Field = 'price' | 'stock';

interface Seen {
  readonly field: Field;
  readonly id: string;
  readonly version: number;
  /** Which one was asked. */
  readonly gateway: number;
}

export interface Read extends Seen {
  readonly beganAt: number;
  readonly status: string | null;
}

/** An invalidation that a gateway has answered for. */
interface Acknowledged extends Seen {
  readonly at: number;
}

export interface Report {
  readonly reads: readonly Read[];
  readonly acknowledged: readonly Acknowledged[];
  /** Reads with an error, or without an answer. */
  readonly failures: readonly string[];
  readonly longestReadMs: number;
  readonly longestWriteMs: number;
  /** How often reads were answered by the cache as a whole, by entities and root fields of it, and not at all. */
  readonly answered: Readonly<Record<'whole' | 'parts' | 'fetched', number>>;
}

export interface TrafficOptions {
  readonly federation: CachedFederation;
  readonly gateways: readonly CachingGateway[];
  /** So many of the products, from the first on. */
  readonly products: number;
  /** At each gateway. */
  readonly readers: number;
  readonly writers: number;
  /** Whether data changes behind the gateways' backs too, who are told by webhook. */
  readonly webhooks: boolean;
  /** The longest random pause in resolvers and between steps, in ms. */
  readonly maxDelayMs: number;
}

type Query = readonly [text: string, variables: object];

const PRODUCT = 'query ($id: ID!) { product(id: $id) { id price stock } }';
const NAMES = 30;
let looks = 0;

const random = (below: number): number => Math.floor(Math.random() * below);
const one = <Item>(items: readonly [Item, ...Item[]]): Item => items[random(items.length)] ?? items[0];
const clock = (): number => performance.now();

export interface Traffic {
  /** How many invalidations have been acknowledged. */
  writes(): number;
  stop(): Promise<Report>;
}

/** Concurrent readers and writers, until they are told to stop. */
export function startTraffic(options: TrafficOptions): Traffic {
  const { federation, gateways, products, readers, writers, webhooks, maxDelayMs } = options;
  const ids = [...federation.prices.keys()].slice(0, products);
  const reads: Read[] = [];
  const acknowledged: Acknowledged[] = [];
  const failures: string[] = [];
  const answered = { whole: 0, parts: 0, fetched: 0 };
  let longestReadMs = 0;
  let longestWriteMs = 0;
  let running = true;

  const delay = (): Promise<unknown> | undefined =>
    Math.random() < 0.5 ? undefined : sleep(Math.random() * maxDelayMs);
  federation.delay(delay);

  /** Whole responses that are asked for again and again, and others that share with those only what they are made of. */
  function someQuery(): Query {
    const [id, other] = [String(random(ids.length) + 1), String(random(ids.length) + 1)];
    // What has another name is another response. The gateway plans each of them once.
    const name = `Named${random(NAMES)}`;
    return one([
      [PRODUCT, { id }],
      [`query ${name}($id: ID!) { product(id: $id) { id price stock } }`, { id }],
      ['query ($first: Int) { products(first: $first) { id price stock } }', { first: ids.length }],
      [`query ${name}($first: Int) { products(first: $first) { id price stock } }`, { first: Number(id) }],
      [
        'query ($id: ID!, $other: ID!) { a: product(id: $id) { id price } b: product(id: $other) { id stock } }',
        { id, other },
      ],
    ]);
  }

  async function read(gateway: number, at: CachingGateway, [query, variables] = someQuery()): Promise<void> {
    const beganAt = clock();
    const { status, body, text, headers } = await ask(at, query, variables);
    longestReadMs = Math.max(longestReadMs, clock() - beganAt);
    if (status !== 200 || body.errors || !body.data) {
      failures.push(`${status} ${text}`);
      return;
    }
    const cacheStatus = headers.get('cache-status');
    answered[howAnswered(cacheStatus)]++;
    for (const seen of seenIn(body)) reads.push({ ...seen, gateway, beganAt, status: cacheStatus });
  }

  async function changePrice(id: string, price: number, at: CachingGateway): Promise<boolean> {
    const field = one(['setPrice', 'setPriceOnly', 'setPriceTagged', ...(webhooks ? ['behind'] : [])]);
    if (field === 'behind') {
      federation.prices.set(id, price);
      await delay();
      return tell(
        at,
        one([
          { kind: 'entity', type: 'Product', key: { id } },
          { kind: 'tag', tag: `product-${id}` },
        ]),
      );
    }
    const selected = field === 'setPrice' ? one(['{ id price }', '{ name }']) : '';
    const mutation = `mutation ($id: ID!, $price: Int!) { ${field}(id: $id, price: $price)${selected} }`;
    const { status, body } = await ask(at, mutation, { id, price });
    return status === 200 && !body.errors;
  }

  async function changeStock(id: string, stock: number, at: CachingGateway): Promise<boolean> {
    federation.stocks.set(id, stock);
    await delay();
    const entity = { kind: 'entity', type: 'Product', key: { id } } as const;
    const more = [{ kind: 'type', type: 'Product' }, { kind: 'subgraph', subgraph: 'stock' }, { kind: 'all' }] as const;
    return tell(at, one([entity, entity, entity, entity, entity, entity, ...more]));
  }

  async function tell(at: CachingGateway, invalidation: Invalidation): Promise<boolean> {
    return (await invalidate(at, invalidation)).status === 200;
  }

  /** Each writer has entities of its own, so that versions come in their order. */
  async function write(own: readonly string[]): Promise<void> {
    const id = own[random(own.length)] ?? '1';
    const gateway = random(gateways.length);
    const at = gateways[gateway];
    if (!at) return;
    const field = webhooks && Math.random() < 0.5 ? 'stock' : 'price';
    const version = ((field === 'stock' ? federation.stocks : federation.prices).get(id) ?? 0) + 1;
    const beganAt = clock();
    const isAcknowledged = await (field === 'stock' ? changeStock : changePrice)(id, version, at);
    longestWriteMs = Math.max(longestWriteMs, clock() - beganAt);
    if (!isAcknowledged) return;
    acknowledged.push({ field, id, version, gateway, at: clock() });
    // Nobody is as early as who has changed it.
    await Promise.all(gateways.map((each, i) => read(i, each, [PRODUCT, { id }])));
  }

  async function loop(step: () => Promise<void>): Promise<void> {
    while (running) {
      await step().catch((error: unknown) => failures.push(String(error)));
      await delay();
    }
  }

  const loops = [
    ...gateways.flatMap((at, gateway) => Array.from({ length: readers }, () => loop(() => read(gateway, at)))),
    ...Array.from({ length: writers }, (_, writer) =>
      loop(async () => {
        await write(ids.filter((id) => Number(id) % writers === writer));
        await sleep(Math.random() * 2 * maxDelayMs);
      }),
    ),
  ];
  return {
    writes: () => acknowledged.length,
    async stop() {
      running = false;
      await Promise.all(loops);
      federation.delay(undefined);
      return { reads, acknowledged, failures, longestReadMs, longestWriteMs, answered };
    },
  };
}

function howAnswered(status: string | null): keyof Report['answered'] {
  if (status?.startsWith('gatehouse; hit; ttl')) return 'whole';
  return status?.includes('detail=') ? 'parts' : 'fetched';
}

type Product = { readonly id: string } & Readonly<Partial<Record<Field, number>>>;

function seenIn({ data }: Asked['body']): readonly Pick<Seen, 'field' | 'id' | 'version'>[] {
  const products = Object.values(data ?? {}).flat() as readonly Product[];
  return products.flatMap((product) =>
    (['price', 'stock'] as const).flatMap((field) => {
      const version = product[field];
      return version === undefined ? [] : [{ field, id: product.id, version }];
    }),
  );
}

/**
 * `own`: reads of something older than what the same gateway had acknowledged before they began. `lagMs`: for how long,
 * at most, a gateway went on to give what another one had acknowledged to be invalid.
 */
export function staleness({ reads, acknowledged }: Pick<Report, 'reads' | 'acknowledged'>): {
  own: readonly Read[];
  lagMs: number;
} {
  const newer = Map.groupBy(acknowledged, ({ field, id }) => `${field} ${id}`);
  const own: Read[] = [];
  let lagMs = 0;
  for (const read of reads) {
    const known = newer.get(`${read.field} ${read.id}`) ?? [];
    for (const { gateway, at, version } of known.toReversed()) {
      if (version <= read.version) break;
      if (at >= read.beganAt) continue;
      if (gateway === read.gateway) own.push(read);
      else lagMs = Math.max(lagMs, read.beganAt - at);
    }
  }
  return { own, lagMs };
}

/** What gateways give of all entities that is not what subgraphs have, for whole responses and for what they consist of. */
export async function differences(
  federation: CachedFederation,
  gateways: readonly CachingGateway[],
): Promise<readonly string[]> {
  const ids = [...federation.prices.keys()];
  const name = `Look${++looks}`;
  const queries = ['', name].flatMap((as): readonly Query[] => [
    [`query ${as}($first: Int) { products(first: $first) { id price stock } }`, { first: ids.length }],
    ...ids.map((id) => [`query ${as}($id: ID!) { product(id: $id) { id price stock } }`, { id }] as const),
  ]);
  const found: string[] = [];
  for (const [gateway, at] of gateways.entries()) {
    for (const [query, variables] of queries) {
      const { body, headers } = await ask(at, query, variables);
      for (const { field, id, version } of seenIn(body)) {
        const now = (field === 'price' ? federation.prices : federation.stocks).get(id);
        if (version === now) continue;
        const status = headers.get('cache-status');
        found.push(`gateway ${gateway}: ${field} ${id} is ${now}, given as ${version} (${status}): ${query}`);
      }
    }
  }
  return found;
}
