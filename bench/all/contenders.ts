import { startGateway } from '../gateway-process.ts';
import { startChild } from '../subscriptions/child.ts';
import type { Cell } from './cells.ts';
import type { Ground } from './ground.ts';
import type { Answer, Target } from './load.ts';
import { PLAIN, type Dialect, type QueryName } from './operations.ts';

export type ContenderName = 'bare' | 'stock' | 'router' | 'stock-cached' | 'apollo' | 'mercurius' | 'gatehouse';

export interface Contender {
  /** For people. */
  readonly title: string;
  readonly cells: 'uncached' | 'cached' | 'all';
  readonly dialect: Dialect;
  /** `answers`: the bytes that a bare server gives. */
  start(ground: Ground, answers: ReadonlyMap<QueryName, Answer>): Promise<Running>;
}

export interface Running extends AsyncDisposable {
  targetOf(query: QueryName): Target;
}

/** In the order of the tables. */
export const CONTENDERS: Readonly<Record<ContenderName, Contender>> = {
  bare: {
    title: "a bare Node HTTP server that answers with Gatehouse's bytes",
    cells: 'cached',
    dialect: PLAIN,
    start: (_, answers) => startBare(answers),
  },
  stock: {
    title: 'stock Hive Gateway, default engine',
    cells: 'uncached',
    dialect: PLAIN,
    start: ({ supergraphs }) => startStock('default', supergraphs.whole),
  },
  router: {
    title: 'stock Hive Gateway with router-runtime',
    cells: 'uncached',
    dialect: PLAIN,
    start: ({ supergraphs }) => startStock('router', supergraphs.whole),
  },
  'stock-cached': {
    title: 'stock Hive Gateway, default engine, with its `responseCaching` in memory',
    cells: 'cached',
    dialect: PLAIN,
    start: ({ supergraphs }) => startStock('cached', supergraphs.withoutCacheControl),
  },
  apollo: {
    title: '`@apollo/gateway` with `@apollo/server`',
    cells: 'uncached',
    dialect: PLAIN,
    start: ({ supergraphs }) => startRival('rivals/apollo.mjs', { SUPERGRAPH_FILE: supergraphs.withoutSecurity }),
  },
  mercurius: {
    title: '`@mercuriusjs/gateway` with `jit: 1`',
    cells: 'uncached',
    // It knows no fields of an interface but those of one subgraph, and asks the wrong subgraph for what @requires takes.
    dialect: {
      write: (query) =>
        query
          .replace('{ upc name stock }', '{ upc stock ... on Product { name } ... on GiftCard { name } }')
          .replace('price stock', 'price weight stock'),
      read: (data) => JSON.parse(JSON.stringify(data, (name, value) => (name === 'weight' ? undefined : value))),
    },
    start: ({ subgraphs }) => startRival('rivals/mercurius.mjs', { SUBGRAPHS: subgraphs }),
  },
  gatehouse: {
    title: 'Gatehouse, everything on',
    cells: 'all',
    dialect: PLAIN,
    start: ({ subgraphs, services }) =>
      startCli(new URL('gatehouse.config.ts', import.meta.url), '/health/ready', { SUBGRAPHS: subgraphs, ...services }),
  },
};

const NAMES = Object.keys(CONTENDERS) as readonly ContenderName[];

/** Those that are named, in the order of the tables; all when none is. Throws an `Error` for a name that is none. */
export function contendersOf(names: readonly string[]): readonly ContenderName[] {
  const unknown = names.find((name) => !Object.hasOwn(CONTENDERS, name));
  if (unknown !== undefined) {
    throw new Error(`BENCH_ONLY: there is no contender "${unknown}"; there are ${NAMES.join(', ')}`);
  }
  return NAMES.filter((name) => names.length === 0 || names.includes(name));
}

/** Whether a contender has to do with what a cell measures. */
export function takesPart(name: ContenderName, { isCached }: Cell): boolean {
  const { cells } = CONTENDERS[name];
  return cells === 'all' || (cells === 'cached') === isCached;
}

/** As a server runs that has users. */
const PRODUCTION = { NODE_ENV: 'production' };

/** With the packages of its own folder. */
function startStock(config: 'default' | 'router' | 'cached', supergraphFile: string): Promise<Running> {
  const cli = new URL('stock/node_modules/@graphql-hive/gateway/dist/bin.js', import.meta.url);
  const env = { SUPERGRAPH_FILE: supergraphFile };
  return startCli(new URL(`stock/${config}.config.ts`, import.meta.url), '/readiness', env, [cli.pathname]);
}

async function startCli(
  config: URL,
  readyPath: string,
  env: Readonly<Record<string, string>>,
  command?: readonly string[],
): Promise<Running> {
  const { url, process, stop } = await startGateway(config, readyPath, { ...PRODUCTION, ...env }, command);
  const target = { url: `${url}/graphql`, pid: process.pid ?? 0 };
  return { targetOf: () => target, [Symbol.asyncDispose]: stop };
}

async function startRival(module: string, env: Readonly<Record<string, string>>): Promise<Running> {
  await using starting = new AsyncDisposableStack();
  const child = starting.use(startChild(new URL(module, import.meta.url).href, { ...PRODUCTION, ...env }));
  const target = { url: await child.ask<string>({}), pid: child.pid };
  const stop = starting.move();
  return { targetOf: () => target, [Symbol.asyncDispose]: () => stop.disposeAsync() };
}

/** One for each query, since it does not look at what it is asked. */
async function startBare(answers: ReadonlyMap<QueryName, Answer>): Promise<Running> {
  await using starting = new AsyncDisposableStack();
  const targets = new Map<QueryName, Target>();
  for (const [query, answer] of answers) {
    const child = starting.use(
      startChild<Answer>(new URL('../cache/bare-server.ts', import.meta.url).href, PRODUCTION),
    );
    targets.set(query, { url: await child.ask<string>(answer), pid: child.pid });
  }
  const stop = starting.move();
  return {
    targetOf(query) {
      const target = targets.get(query);
      if (!target) throw new Error(`the bare server has no answer to the ${query} query`);
      return target;
    },
    [Symbol.asyncDispose]: () => stop.disposeAsync(),
  };
}
