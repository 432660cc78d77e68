import { faultOf } from '../claim-checks.ts';
import { principalOf, STANDARD_CLAIMS } from '../claims.ts';
import { EndpointFailed } from '../issuer-endpoint.ts';
import { FOR_EVER, judgedTokens, refusal, type Judgement } from '../judged-tokens.ts';
import type { AuthenticationMethod } from '../method.ts';
import { outage } from '../outage.ts';
import { resolveOptions, type IntrospectionOptions } from './options.ts';
import { introspection } from './request.ts';

export { introspectionFromEnvironment } from './environment.ts';
export type { IntrospectionClient, IntrospectionOptions } from './options.ts';

/** Requests at the same time; further ones are not made. */
const MAX_REQUESTS = 50;
/** Refusals that are remembered. */
const MAX_REFUSED = 10_000;
/** s, where the endpoint says nothing else. */
const RETRY_AFTER = 1;
/** What a token may consist of (RFC 6749, appendix A.12). */
const TOKEN = /^[\x20-\x7e]+$/;

/**
 * Bearer tokens of any form, about which an authorization server is asked (OAuth 2.0 Token Introspection, RFC 7662).
 * What it says is remembered for `ttl`, or until the token ends, and lives on while the endpoint is down; when it says
 * nothing that can be relied on, the token is `unavailable`, never accepted. Throws an `Error` that names the option and
 * what it takes.
 *
 * @example
 * introspectionMethod({
 *   endpoint: 'https://id.example.com/introspect',
 *   client: { id: 'gateway', auth: 'basic', secret: process.env.INTROSPECTION_CLIENT_SECRET },
 * })
 */
export function introspectionMethod(options: IntrospectionOptions): AuthenticationMethod {
  const resolved = resolveOptions(options);
  const { expected, ttl, negativeTtl, endpoint } = resolved;
  const trouble = outage(options.log, { host: endpoint.host }, 'The introspection endpoint');
  const closing = new AbortController();
  const ask = introspection(resolved, closing.signal);
  let underWay = 0;

  async function judge(token: string, now: number): Promise<Judgement> {
    if (!TOKEN.test(token)) return refusal('malformed', FOR_EVER);
    if (underWay >= MAX_REQUESTS) return unavailable('too many introspection requests are under way', RETRY_AFTER);
    underWay++;
    try {
      const claims = await ask(token);
      trouble.ended();
      const notLater = now + negativeTtl;
      if (!claims.active) return refusal('not active', { from: -Infinity, until: notLater });
      const fault = faultOf(claims, expected, now);
      if (fault) return refusal(fault.reason, { from: fault.from, until: Math.min(fault.until, notLater) });
      // A user may be named by `username` alone (RFC 7662, section 2.2), and is not the client then.
      const principal = principalOf(claims, 'introspection', STANDARD_CLAIMS, claims['sub'] ?? claims['username']);
      if (!principal) return refusal('no subject', { from: -Infinity, until: notLater });
      const until = Math.min(principal.expiresAt ?? Infinity, now + ttl);
      return { verdict: Object.freeze({ outcome: 'accepted', principal }), stands: { from: -Infinity, until } };
    } catch (error) {
      const { message, status, retryAfter } = error instanceof EndpointFailed ? error : new EndpointFailed('failed');
      // 400 speaks of this token (RFC 7009, section 2.2.1), not of the endpoint.
      if (status !== 400 && !closing.signal.aborted) trouble.began(message);
      return unavailable(`the introspection endpoint ${message}`, retryAfter ?? RETRY_AFTER);
    } finally {
      underWay--;
    }
  }

  const tokens = judgedTokens({ judge, maxRefused: MAX_REFUSED });
  return {
    name: 'introspection',
    recognizes: (credential) => credential.scheme === 'bearer',
    recall: (credential, _caller, now) =>
      credential.scheme === 'bearer' ? tokens.recall(credential.token, now) : undefined,
    authenticate: (credential, _caller, now) =>
      credential.scheme === 'bearer'
        ? tokens.judge(credential.token, now)
        : { outcome: 'refused', reason: 'not a token' },
    review: (credential, _caller, now) =>
      credential.scheme === 'bearer'
        ? tokens.judgeAgain(credential.token, now)
        : { outcome: 'refused', reason: 'not a token' },
    reach: () => [trouble.reach()],
    close: () => closing.abort(),
  };
}

function unavailable(reason: string, retryAfter: number): Judgement {
  return { verdict: { outcome: 'unavailable', reason, retryAfter } };
}
