import type { GatewayPlugin } from '@graphql-hive/gateway';
import type { Hook } from '../../hooks.ts';

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
    plugins
      .flatMap((plugin) => (plugin[step] as Hook<unknown> | undefined) ?? [])
      .filter((hook) => !isReadinessCheck(hook));
  return Object.fromEntries(STEPS.map((step) => [step, of(step)])) as unknown as HttpHooks;
}

/**
 * GraphQL Yoga's, known by its look: it answers at a path of its own alone, which no request here has, and takes longer than
 * any other hook to see that.
 */
function isReadinessCheck(hook: Hook<unknown>): boolean {
  return String(hook).includes('readyOrResponse');
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
