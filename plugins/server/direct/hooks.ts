import type { GatewayPlugin } from '@graphql-hive/gateway';

/** Each is given the payload that GraphQL Yoga gives it, and may change it by its functions. */
export type Hook<Payload> = (payload: Payload) => unknown;

/** What plugins do with an HTTP request, in the order in which it meets them. */
const STEPS = [
  'onRequest',
  'onRequestParse',
  'onParams',
  'onExecutionResult',
  'onResultProcess',
  'onResponse',
] as const;

export type HttpHooks = Readonly<Record<(typeof STEPS)[number], readonly Hook<unknown>[]>>;

/** Those of all plugins, the gateway's own among them. */
export function httpHooks(plugins: readonly GatewayPlugin[]): HttpHooks {
  const of = (step: (typeof STEPS)[number]): readonly Hook<unknown>[] =>
    plugins.flatMap((plugin) => (plugin[step] as Hook<unknown> | undefined) ?? []);
  return Object.fromEntries(STEPS.map((step) => [step, of(step)])) as unknown as HttpHooks;
}

/** Whether a plugin wraps steps of an HTTP request, beside hooking in: only the pipeline lets it. */
export function wrapsHttpSteps(plugins: readonly GatewayPlugin[]): boolean {
  const wrapped = ['request', 'requestParse', 'operation', 'resultProcess'] as const;
  return plugins.some(({ instrumentation }) => wrapped.some((step) => instrumentation?.[step] !== undefined));
}

/** The same of the steps of an operation; and what looks at it before the first of them. */
export function wrapsOperationSteps(plugins: readonly GatewayPlugin[]): boolean {
  const wrapped = ['init', 'parse', 'validate', 'context', 'execute'] as const;
  return plugins.some(
    ({ instrumentation, onEnveloped }) =>
      onEnveloped !== undefined || wrapped.some((step) => instrumentation?.[step] !== undefined),
  );
}

/**
 * Runs them one after another. Undefined when there was nothing to wait for.
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

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
