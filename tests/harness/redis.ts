import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_DEADLINE_MS = 15_000;
const PING_TIMEOUT_MS = 500;
const POLL_MS = 20;
const START_ATTEMPTS = 3;

/** A real `redis-server` process of its own on 127.0.0.1, with nothing on disk. */
export interface RedisServer {
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** Stops the process in its tracks (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the process at once (SIGKILL); resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty; resolves when it answers. A running one is killed first. */
  restart(): Promise<void>;
  /** Ends the process and removes its folder. */
  close(): Promise<void>;
}

/**
 * Starts a `redis-server` that answers PING. `args` are added to its command line, `['--sentinel']` and
 * `['--cluster-enabled', 'yes']` among them; a first argument that does not start with `--` is a configuration file.
 */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-redis-'));
  try {
    const { port, child } = await spawnOnFreePort(folder, args);
    return redisServer(folder, args, port, child);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function redisServer(folder: string, args: readonly string[], port: number, first: ChildProcess): RedisServer {
  let child = first;
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill: () => end(child),
    async restart() {
      await end(child);
      child = await spawnOnPort(folder, args, port);
    },
    async close() {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function spawnOnFreePort(
  folder: string,
  args: readonly string[],
): Promise<{ port: number; child: ChildProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { port, child: await spawnOnPort(folder, args, port) };
    } catch (error) {
      // The port may have been taken by another process since we looked.
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function spawnOnPort(folder: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const file = args[0] !== undefined && !args[0].startsWith('--') ? [args[0]] : [];
  const child = spawn(
    'redis-server',
    [
      ...file,
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      ...(args.includes('--sentinel') ? [] : ['--save', '', '--appendonly', 'no']),
      ...args.slice(file.length),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));

  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });

  const deadline = Date.now() + READY_DEADLINE_MS;
  while (!(await answersPing(port))) {
    if (failure !== undefined || child.exitCode !== null || Date.now() > deadline) {
      await end(child);
      throw new Error(`redis-server did not start on port ${port}:\n${output}`, { cause: failure });
    }
    await sleep(POLL_MS);
  }
  // Somebody else's server may have answered on that port while ours could not bind to it.
  if (child.exitCode !== null) throw new Error(`redis-server did not start on port ${port}:\n${output}`);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: PING_TIMEOUT_MS });
    const settle = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply: Buffer) => settle(/^(?:\+PONG|-NOAUTH)/.test(reply.toString())));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
