import { Redis } from 'ioredis';
import { cpuTime } from '../cpu-time.ts';
import type { Sample } from './figures.ts';
import { clientOf, type Answer } from './load.ts';
import { aFifthNew, eachFifthNew, nextProduct, oneProduct } from './operations.ts';
import type { GatewayName, Processes, Server } from './processes.ts';

/** What was seen of so many requests. */
export interface Seen extends Sample {
  /** By the front door. */
  readonly answered: number;
  /** How often Redis was asked for values. */
  readonly redisReads: number;
}

interface Plan {
  readonly gateway: GatewayName;
  readonly requests: number;
  readonly nextBody: () => string;
  /** What holds where what is measured is what it is called. */
  readonly expect?: (seen: Seen, requests: number) => Readonly<Record<string, boolean>>;
}

/** Of what is fast, so many that the compiler has done with it. */
const FAST = 5_000;
const SMALL = 1_000;
const HEAVY = 50;
/** On a busy machine the cache may, for a moment, not know whether its memory still holds. */
const MOST = 0.95;

const PLANS = {
  'l1 hit': {
    gateway: 'front door',
    requests: FAST,
    nextBody: oneProduct,
    expect: ({ answered, said, calls }, requests) => ({
      'the front door answered all': answered >= requests * MOST,
      'all are hits': said.get('hit') === requests,
      'there was no call': calls.requests === 0,
    }),
  },
  'l1 hit in the pipeline': {
    gateway: 'pipeline',
    requests: SMALL,
    nextBody: oneProduct,
    expect: ({ answered, said, redisReads, calls }, requests) => ({
      'there is no front door': answered === 0,
      'all are hits': said.get('hit') === requests,
      'Redis was not read': redisReads <= requests * (1 - MOST),
      'there was no call': calls.requests === 0,
    }),
  },
  'l2 hit': {
    gateway: 'second tier',
    requests: SMALL,
    nextBody: nextProduct,
    expect: ({ answered, said, redisReads, calls }, requests) => ({
      'the front door answered none': answered === 0,
      'all are hits': said.get('hit') === requests,
      'Redis was read for each': redisReads >= requests,
      'there was no call': calls.requests === 0,
    }),
  },
  'no cache': {
    gateway: 'uncached',
    requests: SMALL,
    nextBody: nextProduct,
    expect: ({ calls }, requests) => ({ 'there was a call for each': calls.requests === requests }),
  },
  'stock hit': {
    gateway: 'stock cached',
    requests: SMALL,
    nextBody: oneProduct,
    expect: ({ calls }) => ({ 'there was no call': calls.requests === 0 }),
  },
  'stock no cache': {
    gateway: 'stock uncached',
    requests: SMALL,
    nextBody: nextProduct,
    expect: ({ calls }, requests) => ({ 'there was a call for each': calls.requests === requests }),
  },
  'heavy, no cache': { gateway: 'uncached', requests: HEAVY, nextBody: aFifthNew },
  'entity hit, a fifth of each list new': {
    gateway: 'entities',
    requests: HEAVY,
    nextBody: aFifthNew,
    expect: ({ said }, requests) => ({ 'all were answered in part': said.get('fwd=partial') === requests }),
  },
  'entity hit, each fifth request new': {
    gateway: 'entities',
    requests: HEAVY,
    nextBody: eachFifthNew,
    expect: ({ said }, requests) => ({ 'four in five needed no call': said.get('hit') === requests * 0.8 }),
  },
} as const satisfies Readonly<Record<string, Plan>>;

export type WayName = keyof typeof PLANS;

export const WAYS = Object.keys(PLANS) as readonly WayName[];

/** Requests to the gateways, each way with connections of its own. */
export interface Ways extends AsyncDisposable {
  /** How a way answers. */
  ask(name: WayName): Promise<Answer>;
  send(name: WayName): Promise<Seen>;
}

export async function waysTo({ gateways, redisUrl, subgraphsPid, token, takeCalls }: Processes): Promise<Ways> {
  const redis = new Redis(redisUrl);
  const [, redisPid] = /process_id:(\d+)/.exec(await redis.info('server')) ?? [];
  const cpuBehind = (): number => cpuTime(subgraphsPid) + cpuTime(Number(redisPid));
  const ways = WAYS.map((name) => {
    const plan: Plan = PLANS[name];
    const server = gateways.get(plan.gateway);
    if (!server) throw new Error(`there is no gateway "${plan.gateway}"`);
    return [name, { plan, server, client: clientOf(server, token) }] as const;
  });
  const byName = new Map(ways);

  function way(name: WayName) {
    const found = byName.get(name);
    if (!found) throw new Error(`there is no way "${name}"`);
    return found;
  }

  return {
    ask(name) {
      const { client, plan } = way(name);
      return client.ask(plan.nextBody());
    },
    async send(name) {
      const { client, server, plan } = way(name);
      await takeCalls();
      const before = { answered: await answeredBy(server), reads: await readsOf(redis), cpu: cpuBehind() };
      const load = await client.send(plan.requests, plan.nextBody);
      return {
        ...load,
        behind: ((cpuBehind() - before.cpu) * 1_000) / plan.requests,
        calls: await takeCalls(),
        answered: (await answeredBy(server)) - before.answered,
        redisReads: (await readsOf(redis)) - before.reads,
      };
    },
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      await Promise.all([...byName.values()].map(({ client }) => client[Symbol.asyncDispose]()));
    },
  };
}

/** Throws where what was measured is not what it is called. */
export function checkSeen(name: WayName, seen: Seen): void {
  const { expect, requests }: Plan = PLANS[name];
  const wrong = Object.entries(expect?.(seen, requests) ?? {}).flatMap(([what, holds]) => (holds ? [] : [what]));
  if (wrong.length === 0) return;
  const { said, answered, redisReads, calls } = seen;
  const found = JSON.stringify({ requests, said: Object.fromEntries(said), answered, redisReads, calls });
  throw new Error(`"${name}" is not what was measured (${wrong.join(', ')} does not hold): ${found}`);
}

async function answeredBy({ adminUrl }: Server): Promise<number> {
  if (!adminUrl) return 0;
  const status = (await (await fetch(`${adminUrl}/status`)).json()) as Status;
  return status.server?.frontDoor?.answered ?? 0;
}

interface Status {
  readonly server?: { readonly frontDoor?: { readonly answered: number } };
}

async function readsOf(redis: Redis): Promise<number> {
  const [, calls = '0'] = /cmdstat_mget:calls=(\d+)/.exec(await redis.info('commandstats')) ?? [];
  return Number(calls);
}
