import type { AuthenticationMethod } from '../method.ts';
import type { Log } from '../outage.ts';
import { introspectionMethod } from './index.ts';

/**
 * The method that the environment asks for: `INTROSPECTION_ENDPOINT`, and `INTROSPECTION_CLIENT_ID` and
 * `INTROSPECTION_CLIENT_SECRET`, which are sent as HTTP Basic. Undefined when there is no endpoint. Throws an `Error`
 * that names the variable.
 */
export function introspectionFromEnvironment(env: NodeJS.ProcessEnv, log?: Log): AuthenticationMethod | undefined {
  const { INTROSPECTION_ENDPOINT: endpoint, INTROSPECTION_CLIENT_ID: id, INTROSPECTION_CLIENT_SECRET: secret } = env;
  if (!endpoint) return undefined;
  if (!id) throw new Error('INTROSPECTION_CLIENT_ID is not set; with INTROSPECTION_ENDPOINT it is needed');
  if (!secret) throw new Error('INTROSPECTION_CLIENT_SECRET is not set; with INTROSPECTION_ENDPOINT it is needed');
  try {
    return introspectionMethod({ endpoint, client: { id, auth: 'basic', secret }, log });
  } catch (cause) {
    throw new Error(`INTROSPECTION_ENDPOINT is wrong: ${(cause as Error).message}`, { cause });
  }
}
