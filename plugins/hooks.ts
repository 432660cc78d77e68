import { finalAsyncIterator, mapAsyncIterator } from '@envelop/core';

/** A plugin's part in a step: it is given the payload that the gateway gives it, and may change it by its functions. */
export type Hook<Payload> = (payload: Payload) => unknown;

/**
 * Runs them one after another, without the gateway's own objects for each. Undefined when there was nothing to wait for.
 *
 * @param isOver asked after each: whether the rest is left out
 * @param take takes what each gives
 */
export function runHooks<Payload>(
  hooks: readonly Hook<Payload>[],
  payload: Payload,
  isOver: () => boolean = never,
  take?: (given: unknown) => void,
  from = 0,
): Promise<void> | undefined {
  for (let at = from; at < hooks.length; at++) {
    const given = hooks[at]?.(payload);
    if (isThenable(given)) {
      return Promise.resolve(given).then((value) => {
        take?.(value);
        return isOver() ? undefined : runHooks(hooks, payload, isOver, take, at + 1);
      });
    }
    take?.(given);
    if (isOver()) return undefined;
  }
  return undefined;
}

const never = (): boolean => false;

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** What a plugin does with each result of a stream, and when there are no more. */
export interface StreamHooks {
  readonly onNext?: Hook<unknown>;
  readonly onEnd?: () => void;
}

/** @param given to each `onNext`, beside the result */
export function hookedStream(
  stream: AsyncIterable<unknown>,
  hooks: readonly StreamHooks[],
  given: object,
): AsyncIterable<unknown> {
  const onNext = hooks.flatMap((one) => one.onNext ?? []);
  const onEnd = hooks.flatMap((one) => one.onEnd ?? []);
  const told =
    onNext.length === 0
      ? stream
      : mapAsyncIterator(stream, async (result) => {
          const payload = { ...given, result, setResult: (changed: unknown) => void (payload.result = changed) };
          await runHooks(onNext, payload);
          return payload.result;
        });
  return onEnd.length === 0 ? told : finalAsyncIterator(told, () => onEnd.forEach((end) => end()));
}
