import type { AuthenticationMethod } from '../method.ts';
import type { Log } from '../outage.ts';
import { jwtMethod } from './index.ts';

/**
 * The method that the environment asks for: `JWT_ISSUER`, `JWT_AUDIENCE` (with commas between several) and `JWKS_URI`,
 * without which the issuer's metadata say where its keys are. Undefined when neither `JWKS_URI` nor `JWT_ISSUER` is
 * set. Throws an `Error` that names the variable.
 */
export function jwtFromEnvironment(env: NodeJS.ProcessEnv, log?: Log): AuthenticationMethod | undefined {
  const { JWKS_URI: jwksUri, JWT_ISSUER: issuer, JWT_AUDIENCE: audiences } = env;
  if (!jwksUri && !issuer) return undefined;
  if (!issuer) throw new Error('JWKS_URI is set and JWT_ISSUER is not; it takes the claim `iss` of the tokens');
  if (!audiences) throw new Error('JWT_AUDIENCE is not set; with JWT_ISSUER it takes the claim `aud` of the tokens');
  const audience = audiences.split(',').map((text) => text.trim());
  try {
    const keys = jwksUri ? { jwksUri } : { discovery: true };
    return jwtMethod({ issuers: [{ issuer, audience, ...keys }], log });
  } catch (cause) {
    throw new Error(`JWT_ISSUER, JWT_AUDIENCE or JWKS_URI is wrong: ${(cause as Error).message}`, { cause });
  }
}
