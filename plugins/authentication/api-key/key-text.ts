import { randomBytes, randomInt } from 'node:crypto';

/** A key in its parts; its text is `gh_<id>_<secret>`. */
export interface KeyText {
  /** Names the key, and is no secret: `[a-z0-9]`, 12 to 32 characters. */
  readonly id: string;
  /** 32 random bytes in base64url, 43 characters (RFC 4648, section 5, without padding). */
  readonly secret: string;
}

const ID_LENGTH = 16;
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SECRET_BYTES = 32;

const ID = '[a-z0-9]{12,32}';
/** The last of 43 characters carries four bits, so that only one text stands for the same 32 bytes. */
const BYTES_32_TEXT = '[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]';
const KEY = new RegExp(`^gh_(${ID})_(${BYTES_32_TEXT})$`);

/** What a key's id looks like. */
export const KEY_ID = new RegExp(`^${ID}$`);
/** What 32 bytes look like in base64url: a secret, or a hash of one. */
export const BYTES_32 = new RegExp(`^${BYTES_32_TEXT}$`);

/** The parts of a key; undefined for any text that `formatKey` does not give. */
export function parseKey(text: string): KeyText | undefined {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export function formatKey({ id, secret }: KeyText): string {
  return `gh_${id}_${secret}`;
}

/** A new key: 256 random bits, and an id that no other key has for all practical purposes (82 random bits). */
export function generateKey(): KeyText {
  const id = Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
  return { id, secret: randomBytes(SECRET_BYTES).toString('base64url') };
}
