import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** Sends what is signed. Throws an `Error` unless it is answered with this status. */
export async function deliver(address: string, secret: string, body: object, status: 200 | 202): Promise<void> {
  const id = `msg_${randomUUID()}`;
  const now = new Date();
  const text = JSON.stringify(body);
  const response = await fetch(address, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, now, text),
    },
    body: text,
  });
  if (response.status === status) return;
  throw new Error(`${address} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
}
