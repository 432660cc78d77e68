import { timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** How far a delivery's timestamp may be from our clock, either way, in ms. */
const TOLERANCE_MS = 5 * 60 * 1000;

export interface SignedMessage {
  readonly id: string | null;
  /** Seconds since 1970, in digits. */
  readonly timestamp: string | null;
  /** `v1,BASE64`, several of them separated by spaces (a sender that changes its secret signs with both). */
  readonly signature: string | null;
  readonly body: Uint8Array;
}

/** An authentic message of now, or what is wrong with it, for its sender. */
export type Verdict =
  | { readonly authentic: true; readonly id: string; readonly text: string }
  | { readonly authentic: false; readonly error: string };

/**
 * Gives a function that verifies messages as in Standard Webhooks 1.0.0, symmetric scheme (`v1`, HMAC-SHA256), at the
 * time `now`, in ms since 1970.
 *
 * Throws a TypeError that names WEBHOOK_SECRET, and does not repeat it, for a secret that is not base64.
 */
export function signatureVerifier(secret: string): (message: SignedMessage, now: number) => Verdict {
  const webhook = webhookOf(secret);
  return ({ id, timestamp, signature, body }, now) => {
    if (!id || !timestamp || !signature) {
      return forged('The headers webhook-id, webhook-timestamp and webhook-signature are needed.');
    }
    // The library would read 12abc as 12, and so accept a timestamp that nobody signed.
    if (!/^[1-9]\d{0,11}$/u.test(timestamp)) return forged('webhook-timestamp takes seconds since 1970, in digits.');
    const sentAt = new Date(Number(timestamp) * 1000);
    if (Math.abs(now - sentAt.getTime()) > TOLERANCE_MS) return forged('webhook-timestamp is more than 5 minutes off.');
    const text = decodeUtf8(body);
    if (text === undefined) return forged('webhook-signature cannot match: the body is not UTF-8.');
    const expected = Buffer.from(webhook.sign(id, sentAt, text));
    const matches = signature.split(' ').some((candidate) => equals(Buffer.from(candidate), expected));
    return matches ? { authentic: true, id, text } : forged('webhook-signature does not match.');
  };
}

function forged(error: string): Verdict {
  return { authentic: false, error };
}

function webhookOf(secret: string): Webhook {
  try {
    return new Webhook(secret.trim());
  } catch {
    throw new TypeError('WEBHOOK_SECRET takes a secret in base64 that is not empty, with or without whsec_ before it.');
  }
}

/** Undefined for what is not UTF-8: replacing the wrong bytes would make different bodies one. */
function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function equals(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
