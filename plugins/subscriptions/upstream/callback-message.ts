import { isObject, parseObject } from './json-object.ts';
import type { SubgraphAnswer, SubgraphError } from './upstream.ts';

/** What a subgraph says at a callback URL. */
export type CallbackMessage = { readonly id: string; readonly verifier: string } & (
  | { readonly action: 'check' }
  | { readonly action: 'next'; readonly payload: SubgraphAnswer }
  | { readonly action: 'complete'; readonly errors: readonly SubgraphError[] }
);

/** Undefined for what is not as `callback/1.0` has it. */
export function parseCallback(body: string): CallbackMessage | undefined {
  const message = parseObject(body);
  if (message?.['kind'] !== 'subscription') return undefined;
  const { id, verifier, action, payload, errors = [] } = message;
  if (typeof id !== 'string' || typeof verifier !== 'string') return undefined;
  switch (action) {
    case 'check':
    // Of the protocol before 1.0, where it said `check` for several subscriptions at once.
    case 'heartbeat':
      return { id, verifier, action: 'check' };
    case 'next':
      return isObject(payload) ? { id, verifier, action, payload } : undefined;
    case 'complete':
      return Array.isArray(errors) ? { id, verifier, action, errors } : undefined;
    default:
      return undefined;
  }
}
