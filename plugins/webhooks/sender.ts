import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@graphql-hive/gateway';
import { Webhook } from 'standardwebhooks';

export interface WebhookSenderOptions {
  /** https, or http on a loopback host. */
  readonly url: string;
  /** The base64 secret shared with the receiver, with or without `whsec_` before it. */
  readonly secret: string;
  readonly log?: Pick<Logger, 'warn'> | undefined;
}

export interface WebhookSender {
  /** Sends in the background, a few times if need be; what cannot be delivered is logged. */
  send(body: object): void;
  /** Waits for what is under way, for at most as long as one attempt takes. */
  close(): Promise<void>;
}

const TIMEOUT = 5_000;
/** ms before the second and the third attempt. */
const PAUSES = [1_000, 10_000];
/** More at a time are not sent. */
const MAX_PENDING = 100;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Sends webhooks as in Standard Webhooks 1.0.0. Throws an `Error` that names the option that is wrong. */
export function webhookSender({ url, secret, log }: WebhookSenderOptions): WebhookSender {
  const target = checkedUrl(url);
  const signer = new Webhook(secret);
  const ending = new AbortController();
  const pending = new Set<Promise<void>>();

  async function deliver(id: string, text: string): Promise<void> {
    let reason = '';
    for (const wait of [0, ...PAUSES]) {
      if (wait > 0) await pause(wait, undefined, { signal: ending.signal, ref: false });
      const failure = await attempt(id, text);
      if (failure === undefined) return;
      reason = failure;
    }
    log?.warn({ id, reason }, 'A webhook could not be delivered');
  }

  /** Why it failed; undefined when it did not. */
  async function attempt(id: string, text: string): Promise<string | undefined> {
    const now = new Date();
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signer.sign(id, now, text),
    };
    const signal = AbortSignal.timeout(TIMEOUT);
    try {
      const response = await fetch(target, { method: 'POST', headers, body: text, redirect: 'error', signal });
      await response.body?.cancel();
      return response.ok ? undefined : `status ${response.status}`;
    } catch (error) {
      return signal.aborted
        ? 'no answer in time'
        : (((error as Error).cause as NodeJS.ErrnoException)?.code ?? 'no connection');
    }
  }

  return {
    send(body) {
      const id = `msg_${randomUUID()}`;
      if (pending.size >= MAX_PENDING) return log?.warn({ id }, 'A webhook was not sent: too many are under way');
      const sending = deliver(id, JSON.stringify(body)).catch(() => {
        log?.warn({ id }, 'A webhook was not delivered before the gateway stopped');
      });
      pending.add(sending);
      void sending.finally(() => pending.delete(sending));
    },
    async close() {
      ending.abort();
      await Promise.all(pending);
    },
  };
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname)))) return url;
  throw new Error('webhookSender: url takes an https:// URL, or an http:// URL of a loopback host');
}
