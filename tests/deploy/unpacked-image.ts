import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { execWords, imageOf } from './dockerfile.ts';
import { contextFiles, installCommand, installedFolders } from './image-contents.ts';
import { buildContext, stages } from './project.ts';
import { ROOT } from './repository.ts';

/** What an image holds, in a folder of this machine, to be run without containers. */
export interface UnpackedImage extends AsyncDisposable {
  /** Starts its command, or another one of the same image, in its folder and with its environment. */
  run(env: Readonly<Record<string, string>>, words?: readonly string[]): RunningCommand;
  /** Runs its health check; resolves with the exit code: 0 healthy, 1 unhealthy. */
  checkHealth(env: Readonly<Record<string, string>>): Promise<number | null>;
}

export interface RunningCommand extends AsyncDisposable {
  /** All that it has printed. */
  output(): string;
  /** Sends SIGTERM, as `docker stop` does; resolves with the exit code, or null when it had to be killed. */
  stop(): Promise<number | null>;
}

/** What `docker stop` waits for before it kills, in ms. */
const STOP_TIMEOUT = 10_000;

/** The files that COPY brings are copied, the packages of `npm ci` are links to those of the repository. */
export async function unpackImage(target: string): Promise<UnpackedImage> {
  const image = imageOf(stages, target);
  const folder = await mkdtemp(join(tmpdir(), `gatehouse-image-${target}-`));

  for (const [path, file] of contextFiles(image, buildContext)) {
    const copy = join(folder, posix.relative(image.folder ?? '/', path));
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(join(ROOT, file), copy);
  }
  for (const installed of installedFolders(installCommand(stages, image))) {
    // What is nested in a package comes with it.
    if (installed.lastIndexOf('node_modules/') > 0) continue;
    const link = join(folder, installed);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, installed), link);
  }
  await symlink(join(ROOT, 'node_modules/.bin'), join(folder, 'node_modules/.bin'));

  function start(words: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const [program, ...args] = words;
    if (program !== 'node') throw new Error(`the image runs "${program}", not node`);
    return spawn(process.execPath, args, {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...image.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  return {
    run: (env, words = execWords(image.command)) => runningCommand(start(words, env)),
    async checkHealth(env) {
      const [code] = (await once(start(execWords(image.healthcheck), env), 'exit')) as [number | null];
      return code;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function runningCommand(child: ChildProcess): RunningCommand {
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  return {
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      const killing = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
      const [code] = await exited;
      clearTimeout(killing);
      return code;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
