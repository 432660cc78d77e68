import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs one command with `redis-cli` and gives what it printed; rejects for an error reply. */
export async function redisCli(port: number, ...command: string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-e', '-p', String(port), ...command]);
  return stdout;
}
