import { callbackEndpoint, type CallbackEndpoint } from './callback-endpoint.ts';
import { errorCode } from './error-code.ts';
import { httpSender, objection, type HttpOperation } from './http-operation.ts';
import { openSubscriptions } from './open-subscriptions.ts';
import { optionChecks } from './option-checks.ts';
import type { SubgraphError, Upstream, UpstreamEnd } from './upstream.ts';

export interface CallbackOptions {
  /**
   * Where subgraphs reach this very process, such as "http://10.0.3.7:4000". Behind an address that several gateways
   * share, what one of them asked for would be told to another.
   */
  readonly publicUrl: string;
  /** Under which callbacks come to this gateway. Default: "/callbacks/subscriptions". */
  readonly path?: string;
  /** How often a subgraph is to say that it is there, in ms; 0: never. Default: 5,000. */
  readonly heartbeat?: number;
  /** How long a subgraph may take to accept a subscription, in ms. Default: 5,000. */
  readonly connectTimeout?: number;
}

export interface CallbackUpstream extends Upstream {
  /** Answers a request of the gateway when it is a callback; undefined for any other. */
  readonly handle: CallbackEndpoint['handle'];
}

const ACCEPT = 'application/json;callbackSpec=1.0, application/json';
/** The largest answer of a subgraph that is read. */
const MAX_BYTES = 1_048_576;
const MAX_HEARTBEAT = 3_600_000;
/** In heartbeats: the first has not come, and neither has the second, which was given time to. */
const PATIENCE = 2.5;

/**
 * Subscriptions over Apollo's HTTP callback protocol, `callback/1.0`: the subgraph posts each event to a URL that it
 * was told. One that was given up is answered 404 from then on. Nothing is tried again.
 *
 * @throws Error that names the option that is wrong, and what it takes
 */
export function callbackUpstream(options: CallbackOptions): CallbackUpstream {
  const { publicUrl, path = '/callbacks/subscriptions', heartbeat = 5_000, connectTimeout = 5_000 } = options;
  const check = optionChecks('callbackUpstream');
  check.baseUrl('publicUrl', publicUrl);
  check.path('path', path);
  check.whole('heartbeat', heartbeat, 0, MAX_HEARTBEAT);
  check.whole('connectTimeout', connectTimeout, 1);
  const folder = `${withoutSlash(path)}/`;
  const endpoint = callbackEndpoint(folder);
  const sender = httpSender(connectTimeout);
  const requests = new Set<Promise<void>>();

  /** Resolves with what the answer says against the subscription, if anything. */
  async function ask(request: HttpOperation): Promise<UpstreamEnd | undefined> {
    try {
      return await objection(await sender.send(request), MAX_BYTES);
    } catch (error) {
      return { kind: 'lost', reason: `the connection failed (${errorCode(error)})` };
    }
  }

  const subscriptions = openSubscriptions((operation, told) => {
    const controller = new AbortController();
    const lose = (reason: string) => told.end({ kind: 'lost', reason });
    const answerTimer = setTimeout(() => lose(`no answer within ${connectTimeout} ms`), connectTimeout);
    let heartbeatTimer: NodeJS.Timeout | undefined;
    let isChecked = false;

    const expected = endpoint.expect((message) => {
      isChecked = true;
      told.opened();
      if (heartbeatTimer) heartbeatTimer.refresh();
      else if (heartbeat > 0)
        heartbeatTimer = setTimeout(() => lose('two heartbeats are missing'), heartbeat * PATIENCE);
      if (message.action === 'next') told.next(message.payload);
      if (message.action === 'complete') told.end(endWith(message.errors));
    });

    const subscription = {
      callbackUrl: withoutSlash(publicUrl) + folder + expected.id,
      subscriptionId: expected.id,
      verifier: expected.verifier,
      heartbeatIntervalMs: heartbeat,
    };
    const { signal } = controller;
    const request = ask({ operation, accept: ACCEPT, extensions: { subscription }, signal }).then((end) => {
      requests.delete(request);
      clearTimeout(answerTimer);
      if (end) told.end(end);
      else if (!isChecked) lose('it was accepted without a `check`');
    });
    requests.add(request);

    return () => {
      expected.forget();
      clearTimeout(answerTimer);
      clearTimeout(heartbeatTimer);
      controller.abort();
    };
  });

  return {
    open: subscriptions.open,
    handle: endpoint.handle,
    async close() {
      subscriptions.close();
      await Promise.all(requests);
      await sender.close();
    },
    status: () => ({ connections: requests.size, subscriptions: subscriptions.count() }),
  };
}

function endWith(errors: readonly SubgraphError[]): UpstreamEnd {
  return errors.length > 0 ? { kind: 'refused', errors } : { kind: 'completed' };
}

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, '');
}
