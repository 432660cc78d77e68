import { errorCode } from './error-code.ts';
import { readEventStream, type ServerSentEvent } from './event-stream.ts';
import { httpSender, isPassing, mediaType, objection, type HttpAnswer } from './http-operation.ts';
import { parseObject } from './json-object.ts';
import { openSubscriptions } from './open-subscriptions.ts';
import { optionChecks } from './option-checks.ts';
import type { Upstream, UpstreamOperation, UpstreamSink } from './upstream.ts';

export interface ServerSentEventsOptions {
  /** How long it may take until the head of the answer is there, in ms. Default: 5,000. */
  readonly connectTimeout?: number;
  /** How long a subgraph may send nothing, not even a comment, in ms. Default: 60,000. */
  readonly idleTimeout?: number;
  /** The largest event that is read, in bytes. Default: 4 MiB. */
  readonly maxMessageBytes?: number;
}

const EVENT_STREAM = 'text/event-stream';

/**
 * Subscriptions over server-sent events, in the "distinct connections mode" of the GraphQL over SSE protocol: each is
 * a POST whose answer is its events. Nothing is tried again.
 *
 * @throws Error that names the option that is wrong, and what it takes
 */
export function serverSentEventsUpstream(options: ServerSentEventsOptions = {}): Upstream {
  const { connectTimeout = 5_000, idleTimeout = 60_000, maxMessageBytes = 4 * 1024 * 1024 } = options;
  const check = optionChecks('serverSentEventsUpstream');
  check.whole('connectTimeout', connectTimeout, 1);
  check.whole('idleTimeout', idleTimeout, 1);
  check.whole('maxMessageBytes', maxMessageBytes, 1);
  const sender = httpSender(connectTimeout);
  const requests = new Set<Promise<void>>();

  /** Tells what comes of it, and resolves when the connection is free or gone. */
  async function follow(operation: UpstreamOperation, told: UpstreamSink, signal: AbortSignal): Promise<void> {
    const lose = (reason: string) => told.end({ kind: 'lost', reason });
    let timer = setTimeout(() => lose(`no answer within ${connectTimeout} ms`), connectTimeout);
    try {
      const answer = await sender.send({ operation, accept: EVENT_STREAM, signal });
      clearTimeout(timer);
      timer = setTimeout(() => lose(`nothing was sent for ${idleTimeout} ms`), idleTimeout);
      if (!isEventStream(answer)) {
        const end = await objection(answer, maxMessageBytes);
        told.end(end ?? { kind: 'lost', reason: `it was answered with ${mediaType(answer) ?? 'no media type'}` });
        return;
      }
      told.opened();
      const read = readEventStream(maxMessageBytes, deliverTo(told));
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        timer.refresh();
        if (!read(chunk)) return lose(`an event of more than ${maxMessageBytes} bytes`);
      }
      lose('the stream ended without `complete`');
    } catch (error) {
      lose(`the connection failed (${errorCode(error)})`);
    } finally {
      clearTimeout(timer);
    }
  }

  const subscriptions = openSubscriptions((operation, told) => {
    const controller = new AbortController();
    const request = follow(operation, told, controller.signal).finally(() => requests.delete(request));
    requests.add(request);
    return () => controller.abort();
  });

  return {
    open: subscriptions.open,
    async close() {
      subscriptions.close();
      await Promise.all(requests);
      await sender.close();
    },
    status: () => ({ connections: requests.size, subscriptions: subscriptions.count() }),
  };
}

/** Servers say other things than `identity` when they mean it. */
const COMPRESSED = /^(?:(?:x-)?gzip|deflate|br|zstd)$/i;

/** A stream that comes with another status than 200 says why in an event. */
function isEventStream(answer: HttpAnswer): boolean {
  const isCompressed = COMPRESSED.test(String(answer.headers['content-encoding']));
  return mediaType(answer) === EVENT_STREAM && !isCompressed && !isPassing(answer.statusCode);
}

/** Other events than `next` and `complete` are not of the protocol; some servers keep the connection open by them. */
function deliverTo(told: UpstreamSink): (event: ServerSentEvent) => void {
  return ({ type, data }) => {
    if (type === 'complete') return told.end({ kind: 'completed' });
    if (type !== 'next') return;
    const event = parseObject(data);
    if (event) told.next(event);
    else told.end({ kind: 'lost', reason: 'an event that is no JSON object' });
  };
}
