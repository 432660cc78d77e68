import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PACKAGES = ['redis-server', 'redis-sentinel', 'redis-tools', 'nats-server', 'prometheus', 'chromium', 'faketime'];
const PROGRAMS = ['redis-server', 'nats-server', 'prometheus', 'promtool', 'chromium', 'faketime'];
/** Debian asks this file before a package may start its daemon; 101 means no. */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const INSTALL_DEADLINE_MS = 180_000;
const LOCK_RETRY_MS = 1000;

/** vitest's globalSetup: the tests have real servers on PATH, installed when this machine lets us. */
export default async function setup(): Promise<void> {
  if (await areOnPath()) return;
  if (process.getuid?.() !== 0 || !(await isOnPath('apt-get'))) throw new Error(installHint());
  await installFromDebian();
}

/** The library that `faketime` preloads, for `LD_PRELOAD`: with it, a process has a wall clock of its own. */
export async function libfaketime(): Promise<string> {
  const { stdout } = await run('faketime', ['-f', '+0', process.execPath, '-p', 'process.env.LD_PRELOAD']);
  return stdout.trim();
}

async function installFromDebian(): Promise<void> {
  const ownsPolicy = await forbidDaemons();
  try {
    await aptGet('update');
    await aptGet('install', '-y', '--no-install-recommends', ...PACKAGES);
  } catch (error) {
    // Another test run on this machine may have installed it while we waited for the lock.
    if (!(await areOnPath())) throw new Error(installHint(), { cause: error });
  } finally {
    if (ownsPolicy) await rm(POLICY_FILE, { force: true });
  }
}

/** True when the file was absent and is ours to remove. */
async function forbidDaemons(): Promise<boolean> {
  try {
    await writeFile(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function aptGet(...args: string[]): Promise<void> {
  const deadline = Date.now() + INSTALL_DEADLINE_MS;
  for (;;) {
    try {
      await run('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
        maxBuffer: 64 * 1024 * 1024,
      });
      return;
    } catch (error) {
      // `apt-get update` does not wait for its own lock.
      const locked = String((error as { stderr?: string }).stderr).includes('Could not get lock');
      if (!locked || Date.now() > deadline) throw error;
      await sleep(LOCK_RETRY_MS);
    }
  }
}

async function areOnPath(): Promise<boolean> {
  return (await Promise.all(PROGRAMS.map(isOnPath))).every(Boolean);
}

async function isOnPath(program: string): Promise<boolean> {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  const found = await Promise.all(
    candidates.map((file) =>
      access(file, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function installHint(): string {
  return `The tests need a real redis-server (7 or newer), nats-server, prometheus, chromium and faketime on PATH: install the packages ${PACKAGES.join(', ')} (Debian, Ubuntu) or redis, nats-server, prometheus, chromium and libfaketime (brew), and run them again.`;
}
