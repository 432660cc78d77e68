import type { Logger } from '@graphql-hive/gateway';
import { watchDirectory } from './watch-directory.ts';
import { readPolicyFiles } from './policy-files.ts';
import { policySets, type PolicySets } from './policy-sets.ts';
import type { Cedar } from './wasm.ts';

export interface Reloading {
  /** As the files are now. */
  readonly sets: Pick<PolicySets, 'get' | 'version'>;
  stop(): void;
}

/**
 * The policy sets of a folder, kept as its files are. Throws an `Error` when the folder or one of its files cannot be
 * read now; what is broken later is logged once, and changes nothing.
 */
export function reloading(cedar: Cedar, directory: string, log: Pick<Logger, 'info' | 'warn'> | undefined): Reloading {
  const sets = policySets(cedar);
  let unreadable = false;

  const [broken] = sets.replace(readFirst(directory)).broken;
  if (broken) throw new Error(`cedarEngine: ${broken.policy}.cedar is wrong: ${broken.reason}`);

  function refresh(): void {
    let texts: Map<string, string>;
    try {
      texts = readPolicyFiles(directory);
      unreadable = false;
    } catch (err) {
      if (!unreadable) log?.warn({ err }, 'The Cedar policies cannot be read; those that were read stay in force');
      unreadable = true;
      return;
    }
    const changes = sets.replace(texts);
    for (const policy of changes.prepared) log?.info({ policy }, 'A Cedar policy has changed');
    for (const policy of changes.removed) log?.warn({ policy }, 'A Cedar policy is gone');
    for (const { policy, reason } of changes.broken) {
      log?.warn({ policy, reason }, 'A Cedar policy is broken; what was in force stays so');
    }
  }

  return { sets, stop: watchDirectory(directory, refresh) };
}

function readFirst(directory: string): Map<string, string> {
  try {
    return readPolicyFiles(directory);
  } catch (cause) {
    throw new Error(`cedarEngine: directory cannot be read: ${(cause as Error).message}`, { cause });
  }
}
