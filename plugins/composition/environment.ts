import { readFileSync } from 'node:fs';
import type { SubgraphOptions } from './subgraph.ts';

/**
 * The subgraphs named by the environment: `SUBGRAPHS` (`name=url,name=url`) or `SUBGRAPHS_FILE` (the path of a JSON
 * file, `[{"name","url"}]`, which may hold any of `SubgraphOptions`); undefined when neither is set.
 * Throws an `Error` that names the variable.
 */
export function subgraphsFromEnvironment(env: NodeJS.ProcessEnv): readonly SubgraphOptions[] | undefined {
  if (env.SUBGRAPHS && env.SUBGRAPHS_FILE) {
    throw new Error('SUBGRAPHS and SUBGRAPHS_FILE are both set; set one of them');
  }
  if (env.SUBGRAPHS) return env.SUBGRAPHS.split(',').map(parseNameAndUrl);
  if (env.SUBGRAPHS_FILE) return readSubgraphsFile(env.SUBGRAPHS_FILE);
  return undefined;
}

function parseNameAndUrl(entry: string): SubgraphOptions {
  const at = entry.indexOf('=');
  if (at < 1) throw new Error(`SUBGRAPHS holds "${entry.trim()}"; each entry is name=url, with commas between them`);
  return { name: entry.slice(0, at).trim(), url: entry.slice(at + 1).trim() };
}

function readSubgraphsFile(path: string): readonly SubgraphOptions[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`SUBGRAPHS_FILE ${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
  if (!Array.isArray(parsed))
    throw new Error(`SUBGRAPHS_FILE ${path} must hold a list: [{"name": "...", "url": "..."}]`);
  return parsed as SubgraphOptions[];
}

/** `COMPOSITION_POLL_INTERVAL`, in ms; undefined when it is not set. Throws an `Error` that names the variable. */
export function pollIntervalFromEnvironment(env: NodeJS.ProcessEnv): number | undefined {
  const text = env.COMPOSITION_POLL_INTERVAL;
  if (!text) return undefined;
  if (!/^\d+$/.test(text)) throw new Error(`COMPOSITION_POLL_INTERVAL is "${text}"; it takes a whole number of ms`);
  return Number(text);
}
