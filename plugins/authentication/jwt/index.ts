import { judgedTokens } from '../judged-tokens.ts';
import type { AuthenticationMethod } from '../method.ts';
import type { Log } from '../outage.ts';
import { keySetAt, keySetOf } from './fetch-key-set.ts';
import { publishedKeys } from './key-set.ts';
import { staticKey, type IssuerKeys } from './keys.ts';
import { resolveIssuers, type JwtIssuer, type ResolvedIssuer } from './options.ts';
import { hasJwsForm } from './token.ts';
import { judge } from './verify.ts';

export { jwtFromEnvironment } from './environment.ts';
export type { JwtIssuer } from './options.ts';

export interface JwtOptions {
  readonly issuers: readonly JwtIssuer[];
  /** Is told when an issuer's keys cannot be fetched, and when they can again. */
  readonly log?: Log | undefined;
}

/** Refusals that are remembered. */
const MAX_REFUSED = 1_000;

/**
 * Bearer tokens that are signed JWTs (RFC 7519, 8725, 9068), of one or several issuers. A verified token is remembered
 * by its hash, and answered without a promise, until it ends or the keys of its issuer change.
 *
 * The keys are asked for from here on; an issuer that is down stops neither the gateway nor the tokens whose keys are
 * known, and others are `unavailable`. Throws an `Error` that names the option and what it takes.
 *
 * @example
 * jwtMethod({ issuers: [{ issuer: 'https://id.example.com', audience: 'https://api.example.com', discovery: true }] })
 */
export function jwtMethod({ issuers, log }: JwtOptions): AuthenticationMethod {
  const resolved = resolveIssuers(issuers);
  const trusted = new Map(
    resolved.map((issuer) => [issuer.issuer as unknown, { ...issuer, published: keysOf(issuer, log) }]),
  );
  const tokens = judgedTokens({ judge: (token, now) => judge(token, trusted, now), maxRefused: MAX_REFUSED });

  return {
    name: 'jwt',
    recognizes: (credential) => credential.scheme === 'bearer' && hasJwsForm(credential.token),
    recall: (credential, _caller, now) =>
      credential.scheme === 'bearer' ? tokens.recall(credential.token, now) : undefined,
    authenticate: (credential, _caller, now) =>
      credential.scheme === 'bearer'
        ? tokens.judge(credential.token, now)
        : { outcome: 'refused', reason: 'not a token' },
    // It holds all that there is to know of it.
    review: (credential, _caller, now) =>
      credential.scheme === 'bearer'
        ? tokens.judge(credential.token, now)
        : { outcome: 'refused', reason: 'not a token' },
    reach: () => [...trusted.values()].flatMap(({ published }) => published.reach() ?? []),
    close() {
      for (const { published } of trusted.values()) published.close();
    },
  };
}

function keysOf({ issuer, source }: ResolvedIssuer, log: Log | undefined): IssuerKeys {
  switch (source.at) {
    case 'key':
      return staticKey(source.key);
    case 'jwksUri':
      return publishedKeys(issuer, keySetAt(source.jwksUri), Date.now(), log);
    case 'discovery':
      return publishedKeys(issuer, keySetOf(issuer), Date.now(), log);
  }
}
