import { setTimeout as sleep } from 'node:timers/promises';
import type { Read, Report as CacheReport } from '../../caching/gateway/traffic.ts';
import { until } from '../../harness/until.ts';
import { openClient, type OpenClient } from '../../subscriptions/gateway/transports.ts';
import { SECRET_VALUE, type Surroundings } from './surroundings.ts';
import type { WholeGateway } from './whole-gateway.ts';

/** ms that a client waits after each answer: so that all of them are not more than two cores bear beside other tests. */
const PAUSE_MS = 40;
const EVENT_INTERVAL_MS = 50;
const SUBSCRIPTION = 'subscription { priceChanged { id amount } }';

type Data = Readonly<Record<string, unknown>> | null | undefined;

/** What clients send, and what they expect. Each of a gateway's clients sends one kind. */
const KINDS = {
  /** From the cache. */
  cached: {
    query: 'query ($id: ID!) { product(id: $id) { id price stock } }',
    isWell: (data: Data, id: string) => (data?.product as { id?: string } | null)?.id === id,
  },
  /** From both subgraphs, each time. */
  fetched: {
    query: 'query ($id: ID!) { now product(id: $id) { id exact } }',
    isWell: (data: Data, id: string) =>
      typeof data?.now === 'number' && String((data.product as { exact?: number } | null)?.exact) === id,
  },
  /** Decided on by the decision point. */
  guarded: { query: '{ secret now }', isWell: (data: Data) => data?.secret === SECRET_VALUE },
  /** More often than there are tokens. */
  limited: { query: 'query Limited { __typename }', isWell: (data: Data) => data?.__typename === 'Query' },
  /** Changes a price, which is a version here: it only grows. */
  mutation: {
    query: 'mutation ($id: ID!, $price: Int!) { setPriceOnly(id: $id, price: $price) }',
    isWell: (data: Data) => data?.setPriceOnly === true,
  },
} as const;

export type Kind = keyof typeof KINDS;

/** Times are of `performance.now()`, in ms. */
export interface Answer {
  readonly kind: Kind;
  /** Which gateway was asked. */
  readonly gateway: number;
  readonly askedAt: number;
  readonly ms: number;
  /** 0 when there was none. */
  readonly status: number;
  /** Of errors. */
  readonly codes: readonly string[];
  /** What was answered, when it is not all that was asked for, or why nothing was. */
  readonly problem: string | undefined;
  /** Where there is a problem. */
  readonly data?: Data;
}

/** What a subscriber got until the load was stopped. */
export interface Subscribed {
  readonly gateway: number;
  /** Of events, which are numbered by them. */
  readonly amounts: readonly number[];
  readonly ends: readonly string[];
}

export interface Report {
  readonly answers: readonly Answer[];
  /** Of prices: what was read, and what was acknowledged, for `staleness`. */
  readonly reads: readonly Read[];
  readonly acknowledged: CacheReport['acknowledged'];
  readonly subscribed: readonly Subscribed[];
}

export interface Load extends AsyncDisposable {
  /** As it is now; it grows. */
  readonly report: Omit<Report, 'subscribed'>;
  /** The answers to what was asked since, of one kind or of all. */
  since(at: number, kind?: Kind): readonly Answer[];
  /** How many events each subscriber has got. */
  events(): readonly number[];
  /** Resolves when all that was asked is answered, and sockets are closed. */
  stop(): Promise<Report>;
}

export interface LoadOptions {
  readonly around: Surroundings;
  /** It may change meanwhile. */
  readonly gateways: readonly WholeGateway[];
  /** How many clients of each kind every gateway has. Default: one of each, and two of `cached`. */
  readonly clients?: Partial<Readonly<Record<Kind, number>>>;
  /** Of each gateway. Default: 2. */
  readonly subscribers?: number;
  /** Whether clients that get no answer ask the next gateway, up to once each. Default: false. */
  readonly failover?: boolean;
  /** Of clients' tokens, beside `sub`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A steady load of mixed operations of signed-in users, until it is stopped. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { around, gateways, failover = false } = options;
  const clients = { cached: 2, fetched: 1, guarded: 1, limited: 1, mutation: 1, ...options.clients };
  const { federation, prices, provider } = around;
  const ids = [...federation.prices.keys()];
  const answers: Answer[] = [];
  const reads: Read[] = [];
  const acknowledged: CacheReport['acknowledged'][number][] = [];
  let isOver = false;

  const authorizations = await Promise.all(
    ['ada', 'bob'].map(async (sub) => `Bearer ${await provider.sign({ sub, ...options.claims })}`),
  );
  const headersOf = (client: number) => ({
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
    authorization: authorizations[client % authorizations.length] ?? '',
  });

  async function ask(kind: Kind, gateway: number, client: number, variables: { id: string; price?: number }) {
    const askedAt = performance.now();
    const note = (status: number, data: Data, codes: readonly string[], problem: string | undefined): Answer => {
      const ms = performance.now() - askedAt;
      const answer = { kind, gateway, askedAt, ms, status, codes, problem, ...(problem !== undefined && { data }) };
      answers.push(answer);
      if (status === 200 && kind === 'cached') noteRead(gateway, askedAt, data);
      return answer;
    };
    let response: { status: number; text: string };
    try {
      const answered = await fetch(`${gateways[gateway]?.url}/graphql`, {
        method: 'POST',
        headers: headersOf(client),
        body: JSON.stringify({ query: KINDS[kind].query, variables }),
      });
      response = { status: answered.status, text: await answered.text() };
    } catch (error) {
      return note(0, undefined, [], `${String(error)}: ${String((error as Error).cause)}`);
    }
    const { status, text } = response;
    try {
      const { data, errors = [] } = JSON.parse(text) as { data?: Data; errors?: { extensions?: { code?: string } }[] };
      const codes = errors.map(({ extensions }) => String(extensions?.code));
      const isWell = status === 200 && errors.length === 0 && KINDS[kind].isWell(data, variables.id);
      return note(status, data, codes, isWell ? undefined : `${status} ${text}`);
    } catch {
      return note(status, undefined, [], `${status} ${text}`);
    }
  }

  function noteRead(gateway: number, beganAt: number, data: Data): void {
    const { id = '', price } = (data?.product ?? {}) as { id?: string; price?: number | null };
    if (typeof price === 'number') reads.push({ field: 'price', id, version: price, gateway, beganAt, status: null });
  }

  /** Resolves with the answer, and the gateway that gave it. */
  async function askSomeone(kind: Kind, first: number, client: number, variables: { id: string; price?: number }) {
    for (let tries = 0; ; tries++) {
      const answer = await ask(kind, (first + tries) % gateways.length, client, variables);
      if (answer.status !== 0 || !failover || tries === gateways.length - 1) return answer;
    }
  }

  async function step(kind: Kind, gateway: number, client: number): Promise<void> {
    if (kind !== 'mutation') {
      const id = ids[Math.floor(Math.random() * ids.length)] ?? '1';
      await askSomeone(kind, gateway, client, { id });
      return;
    }
    // Each of those who write has products of its own, so that versions come in their order.
    const writers = gateways.length * clients.mutation;
    const own = ids.filter((id) => Number(id) % writers === client % writers);
    const id = own[Math.floor(Math.random() * own.length)] ?? '1';
    const price = (federation.prices.get(id) ?? 0) + 1;
    const { problem, gateway: by } = await askSomeone(kind, gateway, client, { id, price });
    if (problem === undefined)
      acknowledged.push({ field: 'price', id, version: price, gateway: by, at: performance.now() });
  }

  async function goOn(kind: Kind, gateway: number, client: number): Promise<void> {
    while (!isOver) {
      await step(kind, gateway, client);
      await sleep(PAUSE_MS);
    }
  }

  let mutationClients = 0;
  const loops = gateways.flatMap((_, gateway) =>
    (Object.keys(KINDS) as Kind[]).flatMap((kind) =>
      Array.from({ length: clients[kind] }, (__, client) =>
        goOn(kind, gateway, kind === 'mutation' ? mutationClients++ : client),
      ),
    ),
  );
  const subscribers = gateways.flatMap(({ url }, gateway) =>
    Array.from({ length: options.subscribers ?? 2 }, (_, index) => ({
      gateway,
      client: openClient('ws', url, SUBSCRIPTION, { authorization: headersOf(index).authorization }),
    })),
  );
  await until('all subscribers to be there', async () => {
    const pages = await Promise.all(gateways.map((gateway) => gateway.page()));
    const open = pages.reduce((sum, { subscriptions }) => sum + subscriptions.subscriptions, 0);
    return open === subscribers.length && (open === 0 || prices.live() > 0);
  });
  let published = 0;
  const publishing = setInterval(() => prices.publish('a', { id: '1', amount: ++published }), EVENT_INTERVAL_MS);

  const report = { answers, reads, acknowledged };
  async function stop(): Promise<Report> {
    isOver = true;
    clearInterval(publishing);
    await Promise.all(loops);
    const hasAll = ({ client }: { client: OpenClient }) =>
      client.ends.length > 0 || amountsOf(client).at(-1) === published;
    await until('the last event', () => subscribers.every(hasAll)).catch(() => {});
    const subscribed = subscribers.map(({ gateway, client }) => ({
      gateway,
      amounts: amountsOf(client),
      ends: [...client.ends],
    }));
    for (const { client } of subscribers) client.close();
    return { ...report, subscribed };
  }
  return {
    report,
    since: (at, kind) => answers.filter((one) => one.askedAt >= at && (kind === undefined || one.kind === kind)),
    events: () => subscribers.map(({ client }) => client.events.length),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

const amountsOf = ({ events }: OpenClient): number[] =>
  events.map(({ data }) => (data as { priceChanged?: { amount: number } } | null)?.priceChanged?.amount ?? 0);
