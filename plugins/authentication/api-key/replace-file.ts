import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long another writer may hold the lock before this one gives up, in ms. */
const LOCK_DEADLINE_MS = 5000;
const LOCK_RETRY_MS = 10;

/**
 * Replaces a file as a whole, for its owner alone (mode 0600), one process at a time: the new text is written to
 * `<path>.lock`, which only one process can create, and takes the file's place by being renamed. A reader sees the old
 * text or the new one.
 *
 * Rejects when the lock is held for more than 5 s: a process that is killed while it writes leaves it behind, and that
 * cannot be told from one that is slow.
 *
 * @param change gives the new text from the state under the lock; undefined leaves the file as it is
 */
export async function replaceFile(path: string, change: () => Promise<string | undefined>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  const draft = await createLock(lock);
  let renamed = false;
  try {
    const text = await change();
    if (text === undefined) return;
    await draft.writeFile(text);
    // A power failure must not leave an empty file under the new name.
    await draft.sync();
    await rename(lock, path);
    renamed = true;
  } finally {
    await draft.close();
    if (!renamed) await rm(lock, { force: true });
  }
}

async function createLock(lock: string): Promise<FileHandle> {
  const deadline = performance.now() + LOCK_DEADLINE_MS;
  for (;;) {
    try {
      return await open(lock, 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${lock} is held by another process; if none is writing keys now, delete it`);
    }
    await sleep(LOCK_RETRY_MS * (0.5 + Math.random()));
  }
}
