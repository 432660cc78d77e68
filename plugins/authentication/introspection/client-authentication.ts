import { createPrivateKey, type KeyObject } from 'node:crypto';
import { ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, type ClientAuth } from 'oauth4webapi';
import type { IntrospectionClient } from './options.ts';

/** What the Web Crypto API calls the curves that Node calls otherwise. */
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

/** Throws an `Error` that names the option and what it takes; it never repeats a secret. */
export function clientAuthentication(client: IntrospectionClient): ClientAuth {
  switch (client?.auth) {
    case 'basic':
      return ClientSecretBasic(secretOf(client.secret));
    case 'post':
      return ClientSecretPost(secretOf(client.secret));
    case 'private_key_jwt': {
      const { privateKey } = client;
      const kid = typeof privateKey === 'object' ? privateKey.kid : undefined;
      return PrivateKeyJwt({ key: signingKey(privateKey), ...(kid === undefined ? {} : { kid }) });
    }
    default:
      throw new Error(`introspectionMethod: client.auth takes 'basic', 'post' or 'private_key_jwt'`);
  }
}

function secretOf(secret: unknown): string {
  if (typeof secret === 'string' && secret !== '') return secret;
  throw new Error('introspectionMethod: client.secret takes a text that is not empty');
}

function signingKey(given: (IntrospectionClient & { auth: 'private_key_jwt' })['privateKey']): CryptoKey {
  try {
    const key = typeof given === 'string' ? createPrivateKey(given) : createPrivateKey({ key: given, format: 'jwk' });
    return key.toCryptoKey(signatureOf(key), false, ['sign']) as CryptoKey;
  } catch {
    throw new Error('introspectionMethod: client.privateKey takes a private RSA, EC or Ed25519 key, as PEM or JWK');
  }
}

function signatureOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Parameters<KeyObject['toCryptoKey']>[0] {
  switch (asymmetricKeyType) {
    case 'rsa':
      return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    case 'ec':
      return { name: 'ECDSA', namedCurve: CURVES[asymmetricKeyDetails?.namedCurve ?? ''] ?? '' };
    default:
      return 'Ed25519';
  }
}
