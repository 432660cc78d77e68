import type { FetchAPI } from '@whatwg-node/server';
import type { ExecutionResult } from '@graphql-tools/utils';
import { SERIALIZED, type SharedResponse } from '../../request-context.ts';
import type { Framing } from './framing.ts';
import type { OpenStreams } from './open-streams.ts';

/**
 * A response whose body goes on for as long as there are events, and no faster than the client reads it.
 *
 * @param signal aborts when the client has gone, also when that was before the response: nobody reads its body then
 */
export function eventResponse(
  events: AsyncIterable<ExecutionResult>,
  framing: Framing,
  streams: OpenStreams,
  signal: AbortSignal,
  { Response, ReadableStream }: Pick<FetchAPI, 'Response' | 'ReadableStream'>,
  onEvent: (event: ExecutionResult) => void,
): Response {
  const iterator = events[Symbol.asyncIterator]();
  let beating: NodeJS.Timeout | undefined;
  let cut = (): void => {};

  function leave(): void {
    clearInterval(beating);
    streams.remove(cut);
    signal.removeEventListener('abort', cut);
  }

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      cut = () => {
        leave();
        controller.error(new Error('The subscription was cut'));
        void iterator.return?.();
      };
      streams.add(cut);
      signal.addEventListener('abort', cut, { once: true });
      controller.enqueue(framing.start);
      beating = setInterval(() => {
        // Who does not read what there is learns nothing by more of it.
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(framing.heartbeat);
      }, framing.heartbeatEvery).unref();
      if (signal.aborted) cut();
    },
    async pull(controller) {
      try {
        const step = await iterator.next();
        // It was cut meanwhile.
        if (controller.desiredSize === null) return;
        if (step.done !== true) {
          onEvent(step.value);
          return controller.enqueue(frameOf(step.value, framing));
        }
        leave();
        controller.enqueue(framing.end);
        controller.close();
      } catch (error) {
        leave();
        controller.error(error);
      }
    },
    async cancel() {
      leave();
      await iterator.return?.();
    },
  });
  const headers = {
    'content-type': framing.contentType,
    'cache-control': 'no-store',
    // Proxies that wait for the whole of a response would wait for ever.
    'x-accel-buffering': 'no',
  };
  return new Response(body, { headers });
}

const framed = new WeakMap<ExecutionResult, Map<Framing, Buffer>>();

/** The same bytes for all to whom the same goes. */
function frameOf(result: ExecutionResult, framing: Framing): Buffer {
  const { data, errors } = result;
  if (data === undefined && errors) return framing.failure(Buffer.from(JSON.stringify(errors)));
  if (!(SERIALIZED in result)) return framing.event(Buffer.from(JSON.stringify(result)));
  const ofResult = framed.get(result) ?? new Map<Framing, Buffer>();
  framed.set(result, ofResult);
  const frame = ofResult.get(framing) ?? framing.event((result as SharedResponse)[SERIALIZED]());
  ofResult.set(framing, frame);
  return frame;
}
