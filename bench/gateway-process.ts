import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const GATEWAY_CLI = new URL('../node_modules/@graphql-hive/gateway/dist/bin.js', import.meta.url).pathname;
const NATIVE_TYPESCRIPT = new URL('../plugins/cli/native-typescript.mjs', import.meta.url).href;
/** As `npm run gateway` has it. */
const GATEWAY = ['--import', NATIVE_TYPESCRIPT, GATEWAY_CLI];
const START_TIMEOUT = 60_000;
const STOP_TIMEOUT = 10_000;

export interface GatewayProcess {
  readonly url: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** Starts the stock CLI with a config of a benchmark's own, and resolves when it answers at `readyPath`. */
export async function startGateway(
  config: URL,
  readyPath: string,
  env: Readonly<Record<string, string>>,
  command: readonly string[] = GATEWAY,
): Promise<GatewayProcess> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const child = spawn(
    process.execPath,
    [...command, 'supergraph', '--config-path', config.pathname, '--port', String(port), '--host', '127.0.0.1'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, LOG_LEVEL: 'warn', STATE_DIRECTORY: directory, ...env },
    },
  );
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_TIMEOUT;
  while (!(await answers(`${url}${readyPath}`))) {
    if (Date.now() > deadline || child.exitCode !== null)
      throw new Error(`the gateway did not start (code ${child.exitCode})`);
    await sleep(100);
  }
  return {
    url,
    process: child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      // A connection that a config forgets to close keeps the process.
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
      await ended;
      clearTimeout(timer);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
