import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../harness/until.ts';

export interface OpaProcess extends AsyncDisposable {
  readonly url: string;
}

/** OPA itself, the binary at `path`, with these modules of Rego. */
export async function startOpaBinary(path: string, modules: readonly string[]): Promise<OpaProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-opa-'));
  for (const [index, text] of modules.entries()) await writeFile(join(directory, `${index}.rego`), text);
  const address = `127.0.0.1:${await freePort()}`;
  const opa = spawn(path, ['run', '--server', '--addr', address, directory], { stdio: 'ignore' });
  const url = `http://${address}`;

  async function stop(): Promise<void> {
    if (opa.exitCode === null && opa.pid !== undefined) {
      const exited = once(opa, 'exit');
      opa.kill('SIGKILL');
      await exited;
    }
    await rm(directory, { recursive: true, force: true });
  }

  try {
    await once(opa, 'spawn');
    await until('OPA', () =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
