import fc from 'fast-check';
import { exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { jwtMethod } from '../../../plugins/authentication/jwt/index.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { json, startAnswering } from './answering-server.ts';
import { bearer, closing, forged, verdictOn } from './bearer.ts';

const ISSUER = 'https://id.example';
const REASONS = new Set([
  'algorithm not allowed',
  'critical header',
  'expired',
  'malformed',
  'malformed header',
  'malformed times',
  'no exp',
  'not yet valid',
  'signature',
  'too long',
  'unknown issuer',
  'unknown key',
  'wrong audience',
  'wrong type',
]);

const header = fc.record(
  {
    alg: fc.oneof(fc.constantFrom('RS256', 'ES256', 'HS256', 'none'), fc.anything()),
    kid: fc.oneof(fc.constantFrom('known', 'other'), fc.anything()),
    typ: fc.oneof(fc.constantFrom('JWT', 'at+jwt', 'id+jwt'), fc.anything()),
    crit: fc.anything(),
    jku: fc.webUrl(),
  },
  { requiredKeys: [] },
);
const claims = fc.record(
  {
    iss: fc.oneof({ weight: 4, arbitrary: fc.constant(ISSUER) }, fc.anything()),
    aud: fc.oneof({ weight: 4, arbitrary: fc.constant('api') }, fc.anything()),
    exp: fc.oneof({ weight: 4, arbitrary: fc.constant(9e9) }, fc.anything()),
    nbf: fc.oneof(fc.constant(0), fc.anything()),
    sub: fc.anything(),
  },
  { requiredKeys: [] },
);
const serializable = (part: fc.Arbitrary<object>) => part.filter((value) => isJson(value));
const tokens = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[\w-]{0,20}\.[\w-]{0,20}\.[\w-]{0,20}$/),
  fc.tuple(serializable(header), serializable(claims), fc.base64String()).map(([head, body, end]) => {
    return forged(head, body, end.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
  }),
);

test('whatever somebody sends as a token is refused for a reason that holds nothing of it', async () => {
  const { publicKey } = await generateKeyPair('RS256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'known' }];
  await using server = await startAnswering(json({ keys }));
  const { log, lines } = recordingLogger();
  const method = jwtMethod({ issuers: [{ issuer: ISSUER, audience: 'api', jwksUri: server.url }], log });
  using _ = closing(method);
  let now = Date.now();
  await fc.assert(
    fc.asyncProperty(tokens, async (token) => {
      // After the cooldown of the one before.
      now += 5_000;
      expect([true, false]).toContain(method.recognizes(bearer(token)));
      const verdict = await verdictOn(method, token, now);
      expect(verdict.outcome).toBe('refused');
      expect(REASONS).toContain('reason' in verdict && verdict.reason);
    }),
    { numRuns: 500 },
  );
  expect(lines()).toEqual([]);
});

function isJson(value: object): boolean {
  try {
    return typeof JSON.stringify(value) === 'string';
  } catch {
    return false;
  }
}
