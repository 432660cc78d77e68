import type { IdentityProvider } from '../../harness/identity-provider.ts';
import { withOtherSecret } from '../api-key/keys.ts';
import {
  changedSince,
  signedByStranger,
  signedWithPublicKey,
  strangersKeySet,
  unsigned,
  withoutSignature,
} from './forgeries.ts';
import { bearer, type HeaderFields } from './ways.ts';

/** What a gateway trusts. */
export interface Good {
  readonly provider: IdentityProvider;
  /** An API key. */
  readonly key: string;
}

type Make<Value> = (good: Good) => Value | Promise<Value>;

const MINUTE = 60;
const OTHER_FORM = 'an Authorization of another scheme or form';
const SEVERAL = /^(?:several credentials|a repeated header)$/;

const goodToken = ({ provider }: Good): Promise<string> => provider.sign({ sub: 'ada' });

/** A token that is good but for its times, in s from now. */
function inSeconds({ provider }: Good, { exp = 10 * MINUTE, nbf }: { exp?: number; nbf?: number }): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return provider.sign({ sub: 'ada', exp: now + exp, ...(nbf !== undefined && { nbf: now + nbf }) });
}

type BadCredential = readonly [what: string, reason: string | RegExp, credential: Make<HeaderFields>];

const TOKENS: readonly [what: string, reason: string | RegExp, token: Make<string>][] = [
  ['that has expired', 'expired', (good) => inSeconds(good, { exp: -MINUTE })],
  ['that is not yet valid', 'not yet valid', (good) => inSeconds(good, { nbf: MINUTE })],
  ['that never expires', 'no exp', ({ provider }) => provider.sign({ sub: 'ada', exp: undefined })],
  [
    'of another issuer',
    'unknown issuer',
    ({ provider }) => provider.sign({ sub: 'ada', iss: 'https://other.example' }),
  ],
  ['without an issuer', 'unknown issuer', ({ provider }) => provider.sign({ sub: 'ada', iss: undefined })],
  [
    'for another audience',
    'wrong audience',
    ({ provider }) => provider.sign({ sub: 'ada', aud: 'https://other.example' }),
  ],
  ['for no audience', 'wrong audience', ({ provider }) => provider.sign({ sub: 'ada', aud: undefined })],
  ['for another purpose', 'wrong type', ({ provider }) => provider.sign({ sub: 'ada' }, { typ: 'logout+jwt' })],
  ['about nobody', 'no subject', ({ provider }) => provider.sign({})],
  [
    'signed with the public key as PEM as a secret',
    'algorithm not allowed',
    ({ provider }) => signedWithPublicKey(provider, 'pem'),
  ],
  [
    'signed with the public key as DER as a secret',
    'algorithm not allowed',
    ({ provider }) => signedWithPublicKey(provider, 'der'),
  ],
  [
    'signed with the public key as JWK as a secret',
    'algorithm not allowed',
    ({ provider }) => signedWithPublicKey(provider, 'jwk'),
  ],
  ['of the algorithm none', 'algorithm not allowed', ({ provider }) => unsigned(provider, 'none')],
  ['of the algorithm nOnE', 'algorithm not allowed', ({ provider }) => unsigned(provider, 'nOnE')],
  ['without its signature', 'signature', ({ provider }) => withoutSignature(provider)],
  ['whose claims were changed', 'signature', ({ provider }) => changedSince(provider)],
  ['signed by somebody else under a known kid', 'signature', ({ provider }) => signedByStranger(provider)],
  [
    'that brings its own key',
    'signature',
    ({ provider }) => signedByStranger(provider, { jwk: (strangersKeySet('key-1') as { keys: object[] }).keys[0] }),
  ],
  [
    'that is longer than 8192 bytes',
    'too long',
    ({ provider }) => provider.sign({ sub: 'ada', padding: 'x'.repeat(6_200) }),
  ],
  ['that nobody issued', 'not active', () => 'an-opaque-token-of-nobody'],
  [
    'that was revoked',
    'not active',
    async ({ provider }) => {
      const token = await provider.opaque();
      await provider.revoke(token);
      return token;
    },
  ],
];

const OTHERS: readonly BadCredential[] = [
  [
    'an API key with another secret',
    'the secret of the key is wrong',
    ({ key }) => ({ 'x-api-key': withOtherSecret(key) }),
  ],
  [
    'an API key that nobody made',
    'there is no such key',
    ({ key }) => ({ 'x-api-key': key.replace(/_.{4}/, '_zzzz') }),
  ],
  ['an API key that is none', 'it has not the form of an API key', () => ({ 'x-api-key': 'secret' })],
  ['an empty API key', 'it has not the form of an API key', () => ({ 'x-api-key': '' })],
  ['an API key as a bearer token', 'not active', ({ key }) => bearer(key)],
  ['an empty Authorization', OTHER_FORM, () => ({ authorization: '' })],
  ['Bearer without a token', OTHER_FORM, () => ({ authorization: 'Bearer' })],
  ['Basic', OTHER_FORM, () => ({ authorization: 'Basic YWRhOnNlY3JldA==' })],
  [
    'a good token under another scheme',
    OTHER_FORM,
    async (good) => ({ authorization: `JWT ${await goodToken(good)}` }),
  ],
  ['a good token without a scheme', OTHER_FORM, async (good) => ({ authorization: await goodToken(good) })],
  [
    'two good tokens in one Authorization',
    OTHER_FORM,
    async (good) => ({ authorization: `Bearer ${await goodToken(good)}, Bearer ${await goodToken(good)}` }),
  ],
  [
    'a good token and a good API key',
    SEVERAL,
    async (good) => ({ ...bearer(await goodToken(good)), 'x-api-key': good.key }),
  ],
  [
    'a good token and an empty API key',
    SEVERAL,
    async (good) => ({ ...bearer(await goodToken(good)), 'x-api-key': '' }),
  ],
];

/** Credentials that must not be accepted, and what the log says of them. */
export const BAD_CREDENTIALS: readonly BadCredential[] = [
  ...TOKENS.map(
    ([what, reason, token]) =>
      [`a token ${what}`, reason, async (good: Good) => bearer(await token(good))] as BadCredential,
  ),
  ...OTHERS,
];
