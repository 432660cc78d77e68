import { readText } from './repository.ts';

/** Names of variables whose values are not for everyone. */
export const SECRET = /SECRET|PASSWORD|TOKEN|_KEY$|CREDENTIAL|_HEADERS$|^REDIS_URL$/;

/** Read by Node itself. */
const OF_NODE = new Set(['NODE_ENV', 'NODE_OPTIONS']);

/** The environment variables of docs/configuration.md. */
function documentedVariables(): ReadonlySet<string> {
  const [, environment = ''] = readText('docs/configuration.md').split(/^## /m);
  const rows = environment.matchAll(/^\| (`[^|]*`[^|]*)\|/gm);
  return new Set([...rows].flatMap(([, names = '']) => [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)));
}

/** Those that docs/configuration.md does not have; OpenTelemetry's own and Node's are documented by them. */
export function undocumented(variables: Iterable<string>): string[] {
  const documented = documentedVariables();
  return [...variables].filter((name) => !documented.has(name) && !OF_NODE.has(name) && !/^OTEL_[A-Z_]+$/.test(name));
}
