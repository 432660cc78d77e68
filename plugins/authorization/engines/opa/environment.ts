import type { PolicyEngine } from '../../policy-engine.ts';
import { opaEngine } from './index.ts';

/** The engine at `OPA_URL`; undefined when it is not set. Throws an `Error` that names the variable. */
export function opaFromEnvironment({ OPA_URL: url }: NodeJS.ProcessEnv): PolicyEngine | undefined {
  if (!url) return undefined;
  try {
    return opaEngine({ url });
  } catch (cause) {
    throw new Error(`OPA_URL is wrong: ${(cause as Error).message}`, { cause });
  }
}
