import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Logger } from '@graphql-hive/gateway';
import type { SubgraphOptions } from './subgraph.ts';

/** An editor writes a file in several steps; what follows within so many ms is one change. */
const SETTLE = 100;

/** Calls back with a subgraph's name when its SDL file has changed. Returns how to stop. */
export function watchSchemaFiles(
  subgraphs: readonly SubgraphOptions[],
  onChange: (subgraph: string) => void,
  log: Logger,
): () => void {
  const watchers: FSWatcher[] = [];
  const settling = new Map<string, NodeJS.Timeout>();
  for (const { name, schema } of subgraphs) {
    if (schema?.from !== 'file') continue;
    const path = resolve(schema.path);
    // The folder, not the file: most editors replace a file, and a watch would stay with the one that is gone.
    const watcher = watch(dirname(path), { persistent: false }, (_event, file) => {
      if (file !== basename(path)) return;
      clearTimeout(settling.get(name));
      settling.set(name, setTimeout(() => onChange(name), SETTLE).unref());
    });
    watcher.on('error', (err) => log.warn({ subgraph: name, err }, `${path} is no longer watched; it is still polled`));
    watchers.push(watcher);
  }
  return () => {
    watchers.forEach((watcher) => watcher.close());
    settling.forEach((timer) => clearTimeout(timer));
  };
}
