import type { AuthenticationMethod, Caller, Credential, Verdict } from '../../../plugins/authentication/method.ts';
import type { Principal } from '../../../plugins/request-context.ts';

export const CALLER: Caller = { address: '127.0.0.1', origin: undefined };

export function bearer(token: string): Credential {
  return { scheme: 'bearer', token };
}

/** What the method says of a token, at `now`, in ms since 1970. */
export async function verdictOn(
  method: AuthenticationMethod,
  token: string,
  now: number = Date.now(),
): Promise<Verdict> {
  return method.authenticate(bearer(token), CALLER, now);
}

/** Rejects when the token is not accepted. */
export async function principalFor(method: AuthenticationMethod, token: string, now?: number): Promise<Principal> {
  const verdict = await verdictOn(method, token, now);
  if (verdict.outcome !== 'accepted') throw new Error(`it is ${verdict.outcome}: ${verdict.reason}`);
  return verdict.principal;
}

/** A token that nobody signed. */
export function forged(header: object, claims: object, signature = 'AAAA'): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

/** `defer` for methods: `using _ = closing(method)`. */
export function closing(method: AuthenticationMethod): Disposable {
  return { [Symbol.dispose]: () => void method.close?.() };
}
