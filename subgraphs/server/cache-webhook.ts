import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

// How a subgraph tells the gateway what has changed, so that its cache does not answer with what was. Nothing here is of
// this demo alone: copy it into your own.

/** An entity by one of its keys: `{ type: 'Product', key: { upc: '1' } }`. */
export interface Entity {
  readonly type: string;
  readonly key: Readonly<Record<string, unknown>>;
}

/**
 * To be awaited by a mutation before it answers, so that who reads after it reads what was written. It never rejects and
 * takes a second at most: what has changed has changed, whether the gateway knows of it or not.
 */
export type TellChanged = (...entities: readonly Entity[]) => Promise<void>;

export interface CacheWebhookOptions {
  /** The gateway's `/webhooks/cache`. */
  readonly url: string;
  /** The gateway's `WEBHOOK_SECRET`: base64, with or without `whsec_` before it. */
  readonly secret: string;
  /** ms before each further attempt; `[1_000, 5_000, 15_000]` unless given. */
  readonly retryAfter?: readonly number[];
  /** Takes a line; `console.error` unless given. */
  readonly log?: (line: string) => void;
}

export interface CacheWebhook {
  readonly changed: TellChanged;
  /** Ends at once all that is under way. */
  readonly close: () => void;
}

/** How long an answer is waited for, in ms. With the first attempt, a mutation waits for it. */
const ANSWER_TIMEOUT = 1_000;
const RETRY_AFTER = [1_000, 5_000, 15_000];
/** More webhooks do not wait for another attempt: while the gateway is away, what it may still keep runs out by itself. */
const MAX_WAITING = 100;

/** Statuses by which the gateway says that another attempt may do. */
const MAY_PASS = new Set([408, 425, 429]);

type Outcome = { readonly kind: 'delivered' | 'refused' | 'failed' | 'unanswered'; readonly reason: string };

/**
 * Sends webhooks as in Standard Webhooks 1.0.0, of which the gateway takes each once, however often it is sent.
 *
 * @throws Error that names `CACHE_WEBHOOK_URL` or `WEBHOOK_SECRET`, and does not repeat what is wrong
 */
export function cacheWebhook(options: CacheWebhookOptions): CacheWebhook {
  const { retryAfter = RETRY_AFTER, log = console.error } = options;
  const url = checkedUrl(options.url);
  const signer = signerWith(options.secret);
  const ending = new AbortController();
  let waiting = 0;

  async function attempt(id: string, body: string): Promise<Outcome> {
    const now = new Date();
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': signer.sign(id, now, body),
    };
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT);
    const signal = AbortSignal.any([timeout, ending.signal]);
    try {
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
      // Nothing is read of it; and what is left unread would keep the connection.
      await response.body?.cancel();
      return outcomeOf(response.status);
    } catch (error) {
      if (timeout.aborted) return { kind: 'unanswered', reason: `no answer within ${ANSWER_TIMEOUT} ms` };
      return { kind: 'failed', reason: reasonOf(error) };
    }
  }

  async function tryAgain(id: string, body: string, first: Outcome): Promise<void> {
    let last = first;
    let mayHaveArrived = first.kind === 'unanswered';
    for (const wait of retryAfter) {
      await pause(wait, undefined, { signal: ending.signal, ref: false });
      last = await attempt(id, body);
      if (last.kind === 'delivered') return;
      // Of an id that it has accepted already, the gateway says so with 401.
      if (last.kind === 'refused' && mayHaveArrived && last.reason === 'status 401') return;
      if (last.kind === 'refused') break;
      mayHaveArrived ||= last.kind === 'unanswered';
    }
    log(`The cache webhook ${id} could not be delivered: ${last.reason}.`);
  }

  return {
    async changed(...entities) {
      if (ending.signal.aborted) return;
      const id = `msg_${randomUUID()}`;
      const body = JSON.stringify({ invalidate: entities.map(({ type, key }) => ({ kind: 'entity', type, key })) });
      const outcome = await attempt(id, body);
      if (outcome.kind === 'delivered' || ending.signal.aborted) return;
      const isRetried = outcome.kind !== 'refused' && waiting < MAX_WAITING;
      log(`The cache webhook ${id} failed: ${outcome.reason}; it is ${isRetried ? '' : 'not '}tried again.`);
      if (!isRetried) return;
      waiting += 1;
      // The one thing that it rejects with is that all of it has ended.
      void tryAgain(id, body, outcome)
        .catch(() => {})
        .finally(() => (waiting -= 1));
    },
    close: () => ending.abort(),
  };
}

/** Undefined where `CACHE_WEBHOOK_URL` and `WEBHOOK_SECRET` are not both set: nobody is told then. */
export function cacheWebhookFromEnvironment(env: NodeJS.ProcessEnv): CacheWebhookOptions | undefined {
  const { CACHE_WEBHOOK_URL: url, WEBHOOK_SECRET: secret } = env;
  return url && secret ? { url, secret } : undefined;
}

function outcomeOf(status: number): Outcome {
  const reason = `status ${status}`;
  if (status >= 200 && status < 300) return { kind: 'delivered', reason };
  return { kind: status >= 500 || MAY_PASS.has(status) ? 'failed' : 'refused', reason };
}

/** Such as `ECONNREFUSED`. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? 'no connection';
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new Error('CACHE_WEBHOOK_URL takes an http:// or https:// URL without a user name and a password.');
}

function signerWith(secret: string): Webhook {
  try {
    return new Webhook(secret.trim());
  } catch {
    throw new Error('WEBHOOK_SECRET takes a secret in base64 that is not empty, with or without whsec_ before it.');
  }
}
