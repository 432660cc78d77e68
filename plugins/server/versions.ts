import { readFileSync } from 'node:fs';

/** Of Gatehouse, of what it stands on, and of Node. */
export function versions(): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const { '@graphql-hive/gateway': gateway = '', '@graphql-hive/router-query-planner': planner = '' } =
    manifest.dependencies;
  return { gatehouse: manifest.version, hiveGateway: gateway, queryPlanner: planner, node: process.versions.node };
}
