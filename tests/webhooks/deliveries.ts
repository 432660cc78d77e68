import { createHmac, randomBytes } from 'node:crypto';

export const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

export interface Parts {
  id?: string;
  /** Seconds since 1970. */
  timestamp?: number | string;
  body?: string;
  secret?: string;
}

/** The headers of a signed delivery, made from the specification and not with the library under test. */
export function signed({ id = 'msg_1', timestamp = nowSeconds(), body = '{}', secret = SECRET }: Parts): {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
} {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${mac}` };
}

export function post(headers: Record<string, string>, body: BodyInit | null = '{}'): Request {
  const init = { method: 'POST', headers, body, duplex: 'half' };
  return new Request('http://gateway/webhooks/cache', init);
}

/** A signed delivery as a request. */
export function delivery(parts: Parts = {}): Request {
  return post(signed(parts), parts.body ?? '{}');
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
