import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../tests/harness/redis.ts';
import { startGateway, type GatewayProcess } from '../gateway-process.ts';
import { print, printNone } from './figures.ts';
import { CONFIG, type Ground } from './ground.ts';
import { measureInvalidation } from './invalidation.ts';
import { measureLimits } from './limits.ts';
import { measureReload } from './reload.ts';
import { underTraffic } from './traffic.ts';

const WORKERS = 2;
const NAME = `fork${WORKERS}`;
/** Of connections, so that each worker takes some. */
const WATCHERS = 6;
const ADMIN_QUESTIONS = 20;
/** ms that a worker has to be started again, which takes about two seconds where it is done. */
const RESTART = 10_000;
/** ms */
const END_DEADLINE = 10_000;
const POLL = 20;

/** The workers of one `hive-gateway supergraph --fork 2`: the same questions as to gateways apart, and what is different. */
export async function measureFork(ground: Ground, loadMs: number): Promise<void> {
  const directory = join(ground.directory, NAME);
  await mkdir(directory);
  const adminPort = await freePort();
  const started = performance.now();
  const gateway = await startGateway(CONFIG, '/health/ready', {
    NODE_ENV: 'production',
    ...ground.env,
    FORK: String(WORKERS),
    ADMIN_PORT: String(adminPort),
    AUDIT_FILE: join(directory, 'audit.log'),
  });
  try {
    print(`${NAME}.start`, performance.now() - started, 'ms');
    await measureLimits(NAME, ground, [gateway.url], loadMs);
    const behindOneAddress = Array.from({ length: WATCHERS }, () => ({
      origin: gateway.url,
      url: `${gateway.url}/graphql`,
      pid: gateway.process.pid ?? 0,
    }));
    await measureInvalidation(NAME, ground, behindOneAddress);
    await measureReload(NAME, ground, behindOneAddress);
    print(`admin.pids.${NAME}`, (await pidsBehind(adminPort)).size, 'processes');
    print(`audit.files.${NAME}`, (await readdir(directory)).filter((file) => file.endsWith('.log')).length, 'files');
    await measureKill(ground, gateway);
    await measureEnd(gateway);
  } finally {
    await gateway.stop();
  }
}

/** The processes that answer at the admin listener, on as many connections as questions. */
async function pidsBehind(port: number): Promise<ReadonlySet<string>> {
  const pids = new Set<string>();
  for (let n = 0; n < ADMIN_QUESTIONS; n++) {
    const agent = new Agent({ keepAlive: false });
    const [response] = await once(get(`http://127.0.0.1:${port}/pid`, { agent }), 'response');
    pids.add(await text(response));
  }
  return pids;
}

/** What becomes of a worker's requests, and of its place, when it is killed. */
async function measureKill({ clients }: Ground, { url, process: primary }: GatewayProcess): Promise<void> {
  const before = workersOf(primary);
  const { answered, failures } = await underTraffic(clients, [`${url}/graphql`], async () => {
    const [first] = before;
    if (first !== undefined) process.kill(first, 'SIGKILL');
    await sleep(RESTART);
  });
  print(`killed.workers.before.${NAME}`, before.length, 'processes');
  print(`killed.workers.after.${NAME}`, workersOf(primary).length, 'processes');
  print(`killed.answered.${NAME}`, answered, 'requests');
  print(`killed.failed.${NAME}`, failures.length, 'requests');
}

/** What is left some time after a SIGTERM, and what a second one does. */
async function measureEnd({ url, process: primary }: GatewayProcess): Promise<void> {
  const isOver = (): boolean => primary.exitCode !== null || primary.signalCode !== null;
  const refuses = (): Promise<boolean> =>
    fetch(url).then(
      () => false,
      () => true,
    );
  async function terminatedIn(isDone: () => boolean | Promise<boolean>): Promise<number> {
    const began = performance.now();
    primary.kill('SIGTERM');
    while (!(await isDone()) && performance.now() - began < END_DEADLINE) await sleep(POLL);
    return performance.now() - began;
  }

  print(`ended.port.${NAME}`, await terminatedIn(refuses), 'ms');
  await sleep(END_DEADLINE);
  printNone(`ended.left.${NAME}`, isOver() ? 0 : 1 + workersOf(primary).length, 'processes');
  if (!isOver()) print(`ended.second.${NAME}`, await terminatedIn(isOver), 'ms');
}

function workersOf({ pid = 0 }: GatewayProcess['process']): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
