import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const PACKAGES = {
  'Hive Gateway': 'stock/node_modules/@graphql-hive/gateway',
  'router-runtime': 'stock/node_modules/@graphql-hive/router-runtime',
  'router-query-planner': '../../node_modules/@graphql-hive/router-query-planner',
  '@apollo/gateway': 'rivals/node_modules/@apollo/gateway',
  '@apollo/server': 'rivals/node_modules/@apollo/server',
  '@mercuriusjs/gateway': 'rivals/node_modules/@mercuriusjs/gateway',
  mercurius: 'rivals/node_modules/mercurius',
  fastify: 'rivals/node_modules/fastify',
} as const;

/** What was measured, and on what machine. */
export function versions(): ReadonlyMap<string, string> {
  return new Map([
    ['CPU', `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`],
    ['Node', process.versions.node],
    ...Object.entries(PACKAGES).map(([name, folder]) => [name, installedVersion(folder)] as const),
  ]);
}

function installedVersion(folder: string): string {
  try {
    const manifest = readFileSync(fileURLToPath(new URL(`${folder}/package.json`, import.meta.url)), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  } catch (error) {
    // Rivals that nobody asked for.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'not installed';
    throw error;
  }
}
