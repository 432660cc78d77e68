import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './redis.ts';
import { until } from './until.ts';

/** A real `nats-server` process of its own on 127.0.0.1. */
export interface NatsServer extends AsyncDisposable {
  readonly port: number;
  /** How many connections listen to a subject. */
  subscribers(subject: string): Promise<number>;
  /** Kills it, and starts it again on the same port. */
  restart(): Promise<void>;
  kill(): Promise<void>;
}

interface Connections {
  readonly connections?: readonly { readonly subscriptions_list?: readonly string[] }[];
}

export async function startNats(): Promise<NatsServer> {
  const [port, monitoring] = await Promise.all([freePort(), freePort()]);
  let child: ChildProcess;

  async function connections(): Promise<Connections> {
    return (await (await fetch(`http://127.0.0.1:${monitoring}/connz?subs=1`)).json()) as Connections;
  }

  async function start(): Promise<void> {
    child = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-m', String(monitoring)], {
      stdio: 'ignore',
    });
    await until('NATS to answer', () => connections().catch(() => undefined));
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  await start();
  return {
    port,
    async subscribers(subject) {
      const { connections: all = [] } = await connections();
      return all.filter(({ subscriptions_list: list = [] }) => list.includes(subject)).length;
    },
    async restart() {
      await kill();
      await start();
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
