import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether an `Authorization` header (RFC 6750, section 2.1) has this token. How long it takes tells nothing of it. */
export function bearerOf(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(token);
  return (authorization) => {
    const [, given] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

/** Of the same length for any text. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
