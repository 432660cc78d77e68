import { createHash } from 'node:crypto';
import type { UpstreamOperation } from '../upstream.ts';

/** They say which request it is that asks, and change nothing of what is asked for. */
const TRACING: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

/** A SHA-256 of what the subgraph is asked, in hex: the same in every process, whatever the order of names. */
export function sharingKey(operation: UpstreamOperation): string {
  const { subgraph, url, query, operationName = null, variables = {}, headers } = operation;
  const sent = Object.entries(headers).filter(([name]) => !TRACING.has(name));
  const asked = [subgraph, url, query, operationName, variables, Object.fromEntries(sent)];
  return createHash('sha256').update(JSON.stringify(asked, sortNames)).digest('hex');
}

function sortNames(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
