import { unwatchFile, watchFile } from 'node:fs';
import { readDocumentList, type DocumentList } from './document-list.ts';

/** How often files are looked at, in ms. By their state, not by events: those do not tell of folders that are swapped. */
const POLL_INTERVAL = 1_000;

/** The list that is in force. */
export interface LiveList {
  /** Another object when it has changed. */
  current(): DocumentList;
  /** Looks at the files from now on. */
  watch(): void;
  close(): void;
}

/**
 * Reads manifests, and reads them again when one of them has changed; the list stays as it was when that fails.
 *
 * Throws an `Error` when they cannot be read now.
 *
 * @param onReload told of each change: the list, or why it stays as it was
 */
export function liveList(paths: readonly string[], onReload: (outcome: DocumentList | Error) => void): LiveList {
  let list = readDocumentList(paths);
  const reload = (): void => {
    try {
      list = readDocumentList(paths);
      onReload(list);
    } catch (error) {
      onReload(error as Error);
    }
  };
  return {
    current: () => list,
    watch() {
      for (const path of paths) watchFile(path, { interval: POLL_INTERVAL, persistent: false }, reload);
    },
    close() {
      for (const path of paths) unwatchFile(path, reload);
    },
  };
}
