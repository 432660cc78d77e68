import type { PolicyEngine } from '../../policy-engine.ts';
import { authzenEngine } from './index.ts';

/** The engine at `AUTHZEN_URL`; undefined when it is not set. Throws an `Error` that names the variable. */
export function authzenFromEnvironment({ AUTHZEN_URL: url }: NodeJS.ProcessEnv): PolicyEngine | undefined {
  if (!url) return undefined;
  try {
    return authzenEngine({ url });
  } catch (cause) {
    throw new Error(`AUTHZEN_URL is wrong: ${(cause as Error).message}`, { cause });
  }
}
