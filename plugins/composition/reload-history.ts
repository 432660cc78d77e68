import type { SchemaChange } from './schema-changes.ts';

/** A supergraph that took the place of another, or of none. */
export interface Reload {
  readonly version: string;
  /** ISO 8601 */
  readonly composedAt: string;
  /** What it changed for clients, the worst first: at most `MAX_CHANGES`. */
  readonly changes: readonly SchemaChange[];
  /** How many more there were. */
  readonly omitted: number;
}

export interface ReloadHistory {
  add(version: string, composedAt: string, changes: readonly SchemaChange[]): void;
  /** The last ones, the newest first. */
  list(): readonly Reload[];
}

const MAX_RELOADS = 5;
const MAX_CHANGES = 50;
/** Characters; a change of a description repeats both. */
const MAX_MESSAGE = 300;

/** Remembers the last reloads, for operators. */
export function reloadHistory(): ReloadHistory {
  let reloads: readonly Reload[] = [];
  return {
    add(version, composedAt, changes) {
      const kept = changes.slice(0, MAX_CHANGES).map((change) => ({ ...change, message: shortened(change.message) }));
      const reload = { version, composedAt, changes: kept, omitted: changes.length - kept.length };
      reloads = [reload, ...reloads].slice(0, MAX_RELOADS);
    },
    list: () => reloads,
  };
}

function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`;
}
