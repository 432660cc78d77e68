import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { defaultPorts } from '../../subgraphs/ports.ts';
import { freePort } from '../harness/redis.ts';
import { until } from '../harness/until.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test(
  'npm start brings up subgraphs and gateway, prints a query that works, and Ctrl-C stops all of it',
  { timeout: 90_000 },
  async () => {
    for (const [name, port] of Object.entries(defaultPorts)) {
      if (await listens(port))
        throw new Error(`port ${port} of the demo subgraph "${name}" is in use: end what uses it`);
    }
    const port = await freePort();
    // A group of its own, for a Ctrl-C that reaches all of the tree as a terminal's does.
    const npm = spawn('npm', ['start'], {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PORT: String(port) },
    });
    const exited = once(npm, 'exit');
    let printed = '';
    for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    try {
      const [, data] = await until('the query to try', () => /--data '(.*)'/.exec(printed), 60_000);
      const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: data ?? '',
      });
      expect(await response.json()).toEqual({ data: expect.objectContaining({ users: expect.anything() }) });
      expect(printed).toContain(`http://127.0.0.1:${port}/graphql`);

      process.kill(-(npm.pid ?? 0), 'SIGINT');
      await exited;
      for (const used of [port, ...Object.values(defaultPorts)]) {
        await until(`nobody to listen on ${used}`, async () => !(await listens(used)));
      }
    } finally {
      try {
        process.kill(-(npm.pid ?? 0), 'SIGKILL');
      } catch {
        // All of it has ended.
      }
    }
  },
);
