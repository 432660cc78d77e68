import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeOnce } from '../../plugins/composition/compose-once.ts';
import { composeSubgraphs } from '../../plugins/composition/index.ts';
import { JWT_RESOURCE, startIdentityProvider } from '../../tests/harness/identity-provider.ts';
import { freePort, startRedis } from '../../tests/harness/redis.ts';
import { startGateway } from '../gateway-process.ts';
import type { BareAnswer } from './bare-server.ts';
import type { Calls } from './subgraphs.ts';

const GATEHOUSE = { config: new URL('gatehouse.config.ts', import.meta.url), ready: '/health/ready' };
const STOCK = { config: new URL('stock.config.ts', import.meta.url), ready: '/readiness' };

const GATEWAYS = {
  'front door': { ...GATEHOUSE, env: { CACHE: 'all', FRONT_DOOR: 'on' } },
  pipeline: { ...GATEHOUSE, env: { CACHE: 'all' } },
  // Nothing fits into so small a first tier.
  'second tier': { ...GATEHOUSE, env: { CACHE: 'all', FRONT_DOOR: 'on', MAX_BYTES: '1' } },
  entities: { ...GATEHOUSE, env: { CACHE: 'entities', FRONT_DOOR: 'on' } },
  uncached: { ...GATEHOUSE, env: { CACHE: 'off' } },
  'stock cached': { ...STOCK, env: { CACHE: 'on' } },
  'stock uncached': { ...STOCK, env: { CACHE: 'off' } },
} as const;

export type GatewayName = keyof typeof GATEWAYS;

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Of the listener for operators, where there is one. */
  readonly adminUrl?: string;
}

export interface Processes extends AsyncDisposable {
  readonly gateways: ReadonlyMap<GatewayName, Server>;
  readonly redisUrl: string;
  readonly subgraphsPid: number;
  readonly token: string;
  /** What reached the subgraphs since it was last asked. */
  takeCalls(): Promise<Calls>;
  /** A server that does nothing but answer so. */
  startBare(answer: BareAnswer): Promise<Server>;
}

/** s */
const TOKEN_TTL = 3_600;

/** The gateways and what they stand on, each a process of its own but for the identity provider. */
export async function startProcesses(): Promise<Processes> {
  await using started = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-cache-'));
  started.defer(() => rm(directory, { recursive: true, force: true }));
  const subgraphs = fork(new URL('subgraphs.ts', import.meta.url).pathname);
  started.defer(() => void subgraphs.kill());
  const list = await messageOf<{ name: string; url: string }[]>(subgraphs);
  const file = join(directory, 'supergraph.graphql');
  await writeFile(file, await supergraphOf(list));
  const provider = started.use(await startIdentityProvider());
  const redis = await startRedis();
  started.defer(() => redis.close());

  const gateways = new Map<GatewayName, Server>();
  for (const [name, { config, ready, env }] of Object.entries(GATEWAYS) as [
    GatewayName,
    (typeof GATEWAYS)['entities'],
  ][]) {
    const adminPort = await freePort();
    const { url, process, stop } = await startGateway(config, ready, {
      ...env,
      SUPERGRAPH_FILE: file,
      SUBGRAPHS: list.map((one) => `${one.name}=${one.url}`).join(','),
      REDIS_URL: redis.url,
      JWKS_URI: provider.jwksUri,
      JWT_ISSUER: provider.issuer,
      JWT_AUDIENCE: JWT_RESOURCE,
      ADMIN_PORT: String(adminPort),
    });
    started.defer(stop);
    const admin = config === GATEHOUSE.config && { adminUrl: `http://127.0.0.1:${adminPort}` };
    gateways.set(name, { url: `${url}/graphql`, pid: process.pid ?? 0, ...admin });
  }
  const exp = Math.floor(Date.now() / 1000) + TOKEN_TTL;
  const token = await provider.sign({ sub: 'somebody', exp });
  const stop = started.move();

  return {
    gateways,
    redisUrl: redis.url,
    subgraphsPid: subgraphs.pid ?? 0,
    token,
    takeCalls() {
      subgraphs.send('take');
      return messageOf<Calls>(subgraphs);
    },
    async startBare(answer) {
      const bare = fork(new URL('bare-server.ts', import.meta.url).pathname);
      stop.defer(() => void bare.kill());
      bare.send(answer);
      return { url: await messageOf<string>(bare), pid: bare.pid ?? 0 };
    },
    [Symbol.asyncDispose]: () => stop.disposeAsync(),
  };
}

/** The next. */
async function messageOf<Message>(child: ChildProcess): Promise<Message> {
  const over = new AbortController();
  const ended = once(child, 'exit', over).then(([code]) => {
    throw new Error(`${child.spawnargs.at(-1)} ended with code ${code}`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', over), ended])) as [Message];
    return message;
  } finally {
    over.abort();
  }
}

async function supergraphOf(subgraphs: readonly { name: string; url: string }[]): Promise<string> {
  const result = await composeOnce(composeSubgraphs({ subgraphs }).options);
  if (!result.collected || !result.composition.composes) throw new Error('the subgraphs do not compose');
  return result.composition.supergraphSdl;
}
