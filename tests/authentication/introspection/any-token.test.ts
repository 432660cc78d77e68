import fc from 'fast-check';
import { expect, test } from 'vitest';
import { introspectionMethod } from '../../../plugins/authentication/introspection/index.ts';
import { recordingLogger } from '../../redis/recording-logger.ts';
import { json, startAnswering } from '../jwt/answering-server.ts';
import { bearer, verdictOn } from '../jwt/bearer.ts';

const REASONS = new Set([
  'expired',
  'malformed',
  'malformed times',
  'no subject',
  'not active',
  'not yet valid',
  'the introspection endpoint gave something that is not an introspection response',
  'too long',
  'wrong audience',
  'wrong issuer',
]);

const tokens = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String());
const answers = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      active: fc.oneof(fc.boolean(), fc.jsonValue()),
      exp: fc.jsonValue(),
      nbf: fc.jsonValue(),
      aud: fc.jsonValue(),
      iss: fc.jsonValue(),
      sub: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);

test('whatever somebody sends as a token, and the endpoint says of it, is refused for a reason that holds nothing of it', async () => {
  await using server = await startAnswering(json(null));
  const { log, lines } = recordingLogger();
  const client = { id: 'gateway', auth: 'basic', secret: 'secret' } as const;
  const method = introspectionMethod({ endpoint: server.url, client, audience: 'the gateway', negativeTtl: 0, log });
  await fc.assert(
    fc.asyncProperty(tokens, answers, async (token, answer) => {
      server.answerWith(json(answer));
      expect(method.recognizes(bearer(token))).toBe(true);
      const verdict = await verdictOn(method, token);
      expect(verdict.outcome).not.toBe('accepted');
      expect(REASONS).toContain('reason' in verdict && verdict.reason);
    }),
    { numRuns: 300 },
  );
  const told = new Set(lines().map((line) => line.replace(/"host":"[^"]*"/, 'host')));
  expect([...told].toSorted()).toEqual([
    'info: The introspection endpoint can be asked again {host}',
    'warn: The introspection endpoint cannot be asked {host,"reason":"gave something that is not an introspection response"}',
  ]);
});
