import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionResult } from 'graphql';
import { COMPILE_CACHE } from './compile-cache.ts';
import { freePort } from './redis.ts';
import { until } from './until.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const GATEWAY_CLI = join(ROOT, 'node_modules/@graphql-hive/gateway/dist/bin.js');
const NATIVE_TYPESCRIPT = new URL('../../plugins/cli/native-typescript.mjs', import.meta.url).href;
const START_DEADLINE = 30_000;
/** ms; short, so that tests need not wait for a poll. */
const POLL_INTERVAL = '300';

export interface Health {
  readonly status: string;
  readonly supergraph: {
    readonly status: string;
    readonly version: string | null;
    readonly conflicts: readonly {
      code: string;
      message: string;
      subgraphs: string[];
      coordinates: string[];
      hint: string;
    }[];
    readonly unavailable: Readonly<Record<string, string>>;
  };
  readonly subgraphs: readonly { name: string; status: string; latencyMs: number | null; error: string | null }[];
  readonly redis: { readonly status: string };
}

/** The stock CLI with the repository's own `gateway.config.ts`, as a process. */
export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly directory: string;
  query(query: string, variables?: Record<string, unknown>): Promise<ExecutionResult<Record<string, never>>>;
  health(): Promise<Health>;
  /** The status code of a path. */
  status(path: string): Promise<number>;
  /** All that it has logged. */
  log(): string;
  /** Resolves with the exit code when it has ended after a SIGTERM. */
  stop(): Promise<number | null>;
}

export interface GatewayOptions {
  readonly subgraphs: readonly { readonly name: string; readonly url: string }[];
  readonly env?: Readonly<Record<string, string>>;
  /** A config in place of the repository's own. */
  readonly config?: string;
  /** State from an earlier run; by default a new, empty folder. */
  readonly directory?: string;
  /** The path that tells that it has started. Default: ready to serve. */
  readonly until?: '/health/ready' | '/health/live';
}

export async function startGateway(options: GatewayOptions): Promise<TestGateway> {
  const port = await freePort();
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'gatehouse-')));
  const subgraphs = options.subgraphs.map(({ name, url }) => `${name}=${url}`).join(',');
  const config = options.config ? ['--config-path', options.config] : [];
  const child = spawn(
    process.execPath,
    [
      '--import',
      NATIVE_TYPESCRIPT,
      GATEWAY_CLI,
      'supergraph',
      ...config,
      '--port',
      String(port),
      '--host',
      '127.0.0.1',
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...COMPILE_CACHE,
        SUBGRAPHS: subgraphs,
        GATEHOUSE_DIR: directory,
        COMPOSITION_POLL_INTERVAL: POLL_INTERVAL,
        ADMIN_PORT: '0',
        ...options.env,
      },
    },
  );
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let logged = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;

  async function status(path: string): Promise<number> {
    const response = await fetch(url + path);
    await response.arrayBuffer();
    return response.status;
  }

  async function stop(): Promise<number | null> {
    child.kill('SIGTERM');
    const [code] = await exited;
    return code;
  }

  const gateway: TestGateway = {
    url,
    pid: child.pid ?? 0,
    directory,
    status,
    stop,
    log: () => logged,
    async query(query, variables) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as ExecutionResult<Record<string, never>>;
    },
    async health() {
      return (await (await fetch(`${url}/health`)).json()) as Health;
    },
    async [Symbol.asyncDispose]() {
      // The end of a test, not a shutdown: `stop` is there for tests of that.
      child.kill('SIGKILL');
      await exited;
      if (!options.directory) await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await until(
      'the gateway to start',
      async () => {
        if (child.exitCode !== null) throw new Error(`the gateway ended with code ${child.exitCode}`);
        return (await status(options.until ?? '/health/ready').catch(() => 0)) === 200;
      },
      START_DEADLINE,
    );
    return gateway;
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${(error as Error).message}\n${logged}`, { cause: error });
  }
}
