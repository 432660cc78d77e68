import { randomUUID } from 'node:crypto';
import type { SharedStore } from '../redis/index.ts';
import { readBody } from './body.ts';
import { signatureVerifier } from './signature.ts';

const MAX_BYTES = 64 * 1024;
/**
 * How long an id is remembered, in ms. A signature stands for at most ten minutes, from five before its timestamp to
 * five after; the rest is for gateways whose clocks differ.
 */
const REMEMBER_ID_MS = 15 * 60 * 1000;
const RETRY_AFTER_S = '5';
const ID_KEY_PREFIX = 'gatehouse:webhook:';

export interface WebhookReceiverOptions {
  /** The base64 secret shared with the sender, with or without `whsec_` before it. */
  secret: string;
  /** Remembers the ids of deliveries, for all gateways. */
  redis: SharedStore;
  /** The longest body, in bytes. Default: 65,536. */
  maxBytes?: number;
  /** The clock, in ms since 1970. Default: the system's. */
  now?: () => number;
}

export type Delivery = AcceptedDelivery | RefusedDelivery;

export interface AcceptedDelivery {
  readonly accepted: true;
  readonly id: string;
  /** The body as JSON; what it holds is yet to be checked. */
  readonly body: unknown;
  /**
   * Forgets the id, so that the sender's next attempt is accepted: to be called when the handling failed for a reason
   * that may pass, before such an answer (5xx). Rejects with StoreUnavailableError; the id is then forgotten later.
   */
  release(): Promise<void>;
}

export interface RefusedDelivery {
  readonly accepted: false;
  readonly response: {
    readonly status: 400 | 401 | 405 | 413 | 503;
    /** For the sender; holds nothing secret. */
    readonly error: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  /** With 503: the error of the store, for the log and not for the sender. */
  readonly cause?: unknown;
}

/**
 * Receives webhooks as in Standard Webhooks 1.0.0: a delivery is accepted once, when it is a POST of JSON, of at most
 * `maxBytes`, signed with the secret not more than five minutes ago. In this order it is refused with
 * - 405: another method
 * - 413: a longer body; no more than `maxBytes` of it were kept
 * - 400: the body ended too early
 * - 401: a bad or missing signature, a timestamp more than five minutes off
 * - 400: the body is not JSON
 * - 401: an id seen before, by any gateway and any receiver on this store, in the last fifteen minutes
 * - 503: the store cannot tell whether it was seen (fail closed)
 *
 * An id counts as seen from the moment of acceptance, so of two equal deliveries at once one is accepted. A sender
 * keeps the id when it tries again; if the handling failed, `release()` lets that attempt in, and without it the id
 * is forgotten after fifteen minutes. The same goes for a process that ended in between and for an answer that got
 * lost, so handling has to be idempotent: a delivery takes effect at least once, not exactly once.
 *
 * Throws a TypeError naming WEBHOOK_SECRET for a secret that is empty or not base64, a RangeError for `maxBytes`.
 */
export function webhookReceiver({
  secret,
  redis,
  maxBytes = MAX_BYTES,
  now = () => Date.now(),
}: WebhookReceiverOptions): (request: Request) => Promise<Delivery> {
  if (!(Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
    throw new RangeError(`maxBytes takes a whole number of bytes above 0, not ${maxBytes}.`);
  }
  const verify = signatureVerifier(secret);

  return async (request) => {
    if (request.method !== 'POST') return refuse(405, 'A webhook is a POST request.', { allow: 'POST' });

    const body = await readBody(request, maxBytes);
    if (body.kind === 'too large') return refuse(413, `The body is longer than ${maxBytes} bytes.`);
    if (body.kind === 'broken') return refuse(400, 'The body ended too early.');

    const message = verify(
      {
        id: request.headers.get('webhook-id'),
        timestamp: request.headers.get('webhook-timestamp'),
        signature: request.headers.get('webhook-signature'),
        body: body.bytes,
      },
      now(),
    );
    if (!message.authentic) return refuse(401, message.error);
    const json = parseJson(message.text);
    if (json === undefined) return refuse(400, 'The body is not JSON.');

    const key = ID_KEY_PREFIX + message.id;
    const owner = randomUUID();
    const release = (): Promise<void> => redis.release(key, owner);
    try {
      if (!(await redis.claim(key, REMEMBER_ID_MS, owner))) return refuse(401, 'This webhook-id was seen before.');
    } catch (cause) {
      // The claim may have been made all the same; given back, it does not stand in the way of the next attempt.
      release().catch(() => {});
      const error = 'It cannot be told now whether this webhook-id was seen before: try again later.';
      return { ...refuse(503, error, { 'retry-after': RETRY_AFTER_S }), cause };
    }
    return { accepted: true, id: message.id, body: json.value, release };
  };
}

function refuse(
  status: RefusedDelivery['response']['status'],
  error: string,
  headers: Record<string, string> = {},
): RefusedDelivery {
  return { accepted: false, response: { status, error, headers } };
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
