import { watch } from 'node:fs';

/** Who writes files does so in several steps; what follows within so many ms is one change. */
const SETTLE = 100;

/** ms. A folder that is replaced itself, or lies on another machine, is not heard of. */
const POLL_INTERVAL = 10_000;

/** Calls back after each change of a folder, and every 10 s whatever is heard of it. Returns how to stop. */
export function watchDirectory(directory: string, onChange: () => void): () => void {
  let settling: NodeJS.Timeout | undefined;
  const watcher = watch(directory, { persistent: false }, () => {
    clearTimeout(settling);
    settling = setTimeout(onChange, SETTLE).unref();
  });
  watcher.on('error', () => watcher.close());
  const poll = setInterval(onChange, POLL_INTERVAL).unref();
  return () => {
    watcher.close();
    clearTimeout(settling);
    clearInterval(poll);
  };
}
