import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decodeJwt } from 'jose';
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

/** Asks what each line to try asks, in their order. */
async function tryLines(printed: string): Promise<unknown[]> {
  const lines = [...printed.matchAll(/^  curl -s (\S+)((?: -H '[^']+')+) --data '([^']+)'$/gm)];
  return Promise.all(
    lines.map(async ([, url = '', headers = '', body = '']) => {
      const given = [...headers.matchAll(/ -H '([^:]+): ([^']+)'/g)];
      const response = await fetch(url, {
        method: 'POST',
        headers: given.map(([, name = '', value = '']): [string, string] => [name, value]),
        body,
      });
      return response.json();
    }),
  );
}

interface Answer {
  readonly price: number;
  readonly from: string;
}

async function priceOfOne(url: string): Promise<Answer> {
  const response = await post(url, '{ product(upc: "1") { upc price } }');
  const { data } = (await response.json()) as { data: { product: { price: number } } };
  return { price: data.product.price, from: response.headers.get('cache-status') ?? '' };
}

function post(url: string, query: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
}

/** Where the identity provider listens that a printed token is of. */
function identityProviderPort(printed: string): number {
  const [, token = ''] = /'authorization: Bearer ([^']+)'/.exec(printed) ?? [];
  return Number(new URL(decodeJwt(token).iss ?? '').port);
}

test(
  'npm start prints queries that work, as nobody and as two users, keeps answers until a subgraph says they changed, and Ctrl-C stops all that it brought up',
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
      await until('the queries to try', () => printed.includes('Ctrl-C stops all of it.'), 60_000);
      const user = (id: string) => ({ id, name: expect.any(String), email: expect.any(String) });
      expect(await tryLines(printed)).toEqual([
        { data: expect.objectContaining({ users: expect.anything() }) },
        { data: { me: user('1') } },
        { data: { me: user('2') } },
      ]);
      const url = `http://127.0.0.1:${port}/graphql`;
      expect(printed).toContain(url);

      const { price } = await priceOfOne(url);
      expect((await priceOfOne(url)).from).toContain('hit');
      // The subgraph itself: the gateway learns of it by the signed webhook, before this is answered.
      const change = `mutation { updateProduct(upc: "1", input: { price: ${price + 1} }) { upc } }`;
      expect((await post(`http://127.0.0.1:${defaultPorts.products}/graphql`, change)).status).toBe(200);
      const fresh = await priceOfOne(url);
      expect(fresh.price).toBe(price + 1);
      expect(fresh.from).not.toContain('; ttl=');

      const ports = [port, identityProviderPort(printed), ...Object.values(defaultPorts)];
      for (const used of ports) expect(await listens(used)).toBe(true);
      process.kill(-(npm.pid ?? 0), 'SIGINT');
      await exited;
      for (const used of ports) {
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
