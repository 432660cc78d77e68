import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { demoSubgraphs, startDemoSubgraphs } from '../../subgraphs/index.ts';
import { start as startInventory } from '../../subgraphs/inventory/index.ts';
import { ask, dataOf } from './ask.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const closables: { close(): unknown }[] = [];
const processes: ChildProcess[] = [];

afterEach(async () => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
  await Promise.all(closables.splice(0).map((closable) => closable.close()));
});

const started = <Closable extends { close(): unknown }>(closable: Closable): Closable => {
  closables.push(closable);
  return closable;
};

function run(
  file: string,
  env: Record<string, string>,
): { child: ChildProcess; stderr: Promise<string>; readonly lines: (count: number) => Promise<string[]> } {
  const child = spawn(process.execPath, [file], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  processes.push(child);
  return {
    child,
    stderr: text(child.stderr),
    async lines(count) {
      let output = '';
      for await (const chunk of child.stdout) {
        output += String(chunk);
        const lines = output.split('\n').slice(0, -1);
        if (lines.length >= count) return lines;
      }
      throw new Error(`The process ended after ${JSON.stringify(output)}`);
    },
  };
}

/** A port that something else listens on. */
async function busyPort(): Promise<number> {
  const server = started(createServer());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

const exampleQueries = {
  accounts: '{ user(id: "1") { username } }',
  products: '{ product(upc: "1") { sku } }',
  inventory: '{ warehouse(country: "NL", code: "AMS") { address { city } } }',
  reviews: '{ review(id: "1") { rating } }',
};

describe.each(demoSubgraphs)('$name', ({ name }) => {
  test('runs as its own process, answers, and ends with code 0 on SIGTERM', async () => {
    const { child, lines } = run(`subgraphs/${name}/index.ts`, { PORT: '0', HOST: '' });
    const [line = ''] = await lines(1);
    expect(line).toMatch(new RegExp(`^${name} http://127\\.0\\.0\\.1:\\d+/graphql$`));
    const url = line.split(' ')[1] ?? '';
    expect(JSON.stringify(await dataOf(ask(url, exampleQueries[name])))).not.toContain('null');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

test('a wrong PORT is named and ends the process with code 1', async () => {
  const { child, stderr } = run('subgraphs/reviews/index.ts', { PORT: '80 80' });
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(await stderr).toBe('PORT: "80 80" is not a port; it takes a whole number from 0 to 65535.\n');
});

test('a busy port is named and ends the process with code 1', async () => {
  const port = await busyPort();
  const { child, stderr } = run('subgraphs/reviews/index.ts', { PORT: String(port), HOST: '127.0.0.1' });
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(await stderr).toBe(
    `reviews: cannot listen on 127.0.0.1, port ${port}: the port is in use by another process.\n`,
  );
});

// Each address of 127.0.0.0/8 has all ports of its own there, the default ones among them.
describe.runIf(process.platform === 'linux')('npm run subgraphs', () => {
  const ownAddress = (last: number): string => `127.${100 + (process.pid % 100)}.${process.pid % 250}.${last}`;

  test('starts all four on their default ports, a line each, and ends with code 0 on Ctrl-C', async () => {
    const HOST = ownAddress(1);
    const { child, lines } = run('commands/subgraphs.ts', { HOST });
    expect(await lines(4)).toEqual([
      `accounts  http://${HOST}:4101/graphql`,
      `products  http://${HOST}:4102/graphql`,
      `inventory http://${HOST}:4103/graphql`,
      `reviews   http://${HOST}:4104/graphql`,
    ]);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('names the port that is busy and ends with code 1', async () => {
    const HOST = ownAddress(2);
    await once(started(createServer()).listen(4103, HOST), 'listening');
    const { child, stderr } = run('commands/subgraphs.ts', { HOST });
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(await stderr).toBe(
      `inventory: cannot listen on ${HOST}, port 4103: the port is in use by another process.\n`,
    );
  });
});

describe('startDemoSubgraphs', () => {
  test('starts all or none', async () => {
    const port = await busyPort();
    const free = await busyPort();
    await closables.pop()?.close();
    await expect(
      startDemoSubgraphs({ ports: { accounts: free, products: 0, inventory: 0, reviews: port } }),
    ).rejects.toThrow(`reviews: cannot listen on 127.0.0.1, port ${port}`);
    const socket = connect(free, '127.0.0.1');
    expect(await once(socket, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });

  test('starts from fresh rows each time', async () => {
    const stock = async (): Promise<unknown> => {
      const { url, close } = await startInventory({ port: 0 });
      try {
        const query = '{ lowStock(first: 20) { upc stock } }';
        const before = await dataOf(ask(url, query));
        await dataOf(ask(url, 'mutation { setStock(upc: "1", quantity: 0) { upc } }'));
        expect(await dataOf(ask(url, query))).not.toEqual(before);
        return before;
      } finally {
        await close();
      }
    };
    expect(await stock()).toEqual(await stock());
  });
});

test('close ends idle connections, WebSockets and streams at once', async () => {
  const { url, close } = await startInventory({ port: 0 });
  const watch = 'subscription { stockChanged(upc: "1") { upc } }';

  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  const events = client.iterate({ query: watch });
  const socketEnded = expect(events.next()).rejects.toMatchObject({ code: 1001 });
  await new Promise((resolve) => client.on('connected', resolve));

  const stream = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: watch }),
  });
  const streamEnded = expect(stream.text()).rejects.toThrow();

  // A client that does not answer the closing handshake.
  const deaf = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  await once(deaf, 'open');
  deaf.pause();

  const idle = connect(Number(new URL(url).port), '127.0.0.1');
  await once(idle, 'connect');

  await Promise.all([close(), socketEnded, streamEnded, once(idle, 'close')]);
  await expect(ask(url, '{ __typename }')).rejects.toThrow();
  await client.dispose();
  deaf.terminate();
});
