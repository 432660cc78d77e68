import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServerAdapter } from '@whatwg-node/server';
import { freePort } from '../../harness/redis.ts';
import {
  callbackUpstream,
  type CallbackOptions,
  type CallbackUpstream,
} from '../../../plugins/subscriptions/upstream/callback.ts';
import { startScripted, type ScriptedRequest } from './scripted-subgraph.ts';

/** The gateway's side: callbacks come over HTTP; what is no callback is answered 418. */
export interface CallbackGateway extends AsyncDisposable {
  readonly upstream: CallbackUpstream;
  readonly url: string;
}

export async function startCallbackGateway(options: Partial<CallbackOptions> = {}): Promise<CallbackGateway> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const upstream = callbackUpstream({ publicUrl: `${url}/`, ...options });
  const adapter = createServerAdapter(
    async (request: Request) => (await upstream.handle(request)) ?? new Response(null, { status: 418 }),
  );
  const server = createServer((request, response) => void adapter(request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    upstream,
    url,
    async [Symbol.asyncDispose]() {
      await upstream.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What the gateway wrote into `extensions.subscription`. */
export interface CallbackRequest {
  readonly callbackUrl: string;
  readonly subscriptionId: string;
  readonly verifier: string;
  readonly heartbeatIntervalMs: number;
}

/** A subgraph that speaks `callback/1.0`, in the test's hand. */
export interface CallbackSubgraph extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ScriptedRequest[];
  /** The last subscription that it was asked for. */
  asked(): CallbackRequest;
  /** Posts a message of that subscription, and resolves with the answer. */
  say(message: Readonly<Record<string, unknown>>): Promise<Response>;
}

/** @param answer in place of `check` and `{"data":null}` */
export async function startCallbackSubgraph(answer?: (request: ScriptedRequest) => void): Promise<CallbackSubgraph> {
  const subgraph = await startScripted((request) => {
    if (answer) answer(request);
    else void accept(request);
  });

  async function accept({ response }: ScriptedRequest): Promise<void> {
    const { status } = await say({ action: 'check' });
    response.writeHead(status === 204 ? 200 : 400, { 'content-type': 'application/json' });
    response.end('{"data":null}');
  }

  function asked(): CallbackRequest {
    const { extensions } = (subgraph.requests.at(-1)?.body ?? {}) as { extensions?: { subscription: CallbackRequest } };
    if (!extensions) throw new Error('nothing was asked for');
    return extensions.subscription;
  }

  function say(message: Readonly<Record<string, unknown>>): Promise<Response> {
    const { callbackUrl, subscriptionId: id, verifier } = asked();
    return post(callbackUrl, JSON.stringify({ kind: 'subscription', id, verifier, ...message }));
  }

  return {
    url: subgraph.url,
    requests: subgraph.requests,
    asked,
    say,
    [Symbol.asyncDispose]: () => subgraph[Symbol.asyncDispose](),
  };
}

export function post(url: string, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', 'subscription-protocol': 'callback/1.0' };
  return fetch(url, { method: 'POST', headers, body });
}
