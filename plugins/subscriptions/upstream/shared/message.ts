import { isObject } from '../json-object.ts';
import type { SubgraphAnswer, UpstreamEnd } from '../upstream.ts';

/** How far a subscription is at the subgraph. */
export interface Position {
  readonly isOpen: boolean;
  /** Of the last event; of the first that is 1, and 0 is none yet. */
  readonly number: number;
}

/** What the process that holds a subscription says to those that follow it. */
export type Message = {
  /** Tells subscriptions at the subgraph apart: each has its own, and numbers of its own. */
  readonly token: string;
  /** Of the last event up to here, this one included. */
  readonly number: number;
} & (
  | { readonly kind: 'beat'; readonly isOpen: boolean }
  | { readonly kind: 'event'; readonly event: SubgraphAnswer }
  /** How it has ended at the subgraph. */
  | { readonly kind: 'end'; readonly end: UpstreamEnd }
  /** Events come no more from this process, and may from another. */
  | { readonly kind: 'gone'; readonly reason: string }
);

export function beatText(token: string, { number, isOpen }: Position): string {
  return JSON.stringify([token, number, 'beat', isOpen]);
}

/** @param event as JSON */
export function eventText(token: string, number: number, event: string): string {
  return `[${JSON.stringify(token)},${number},"event",${event}]`;
}

export function endText(token: string, number: number, end: UpstreamEnd): string {
  return JSON.stringify([token, number, 'end', end]);
}

export function goneText(token: string, number: number, reason: string): string {
  return JSON.stringify([token, number, 'gone', reason]);
}

/** Undefined for what is no such text. */
export function parseMessage(text: string): Message | undefined {
  const parts = parseArray(text);
  if (!parts) return undefined;
  const [token, number, kind, said] = parts;
  if (typeof token !== 'string' || typeof number !== 'number') return undefined;
  switch (kind) {
    case 'beat':
      return typeof said === 'boolean' ? { token, number, kind, isOpen: said } : undefined;
    case 'event':
      return isObject(said) ? { token, number, kind, event: said } : undefined;
    case 'end':
      return isEnd(said) ? { token, number, kind, end: said } : undefined;
    case 'gone':
      return typeof said === 'string' ? { token, number, kind, reason: said } : undefined;
    default:
      return undefined;
  }
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEnd(value: unknown): value is UpstreamEnd {
  if (!isObject(value)) return false;
  const { kind, errors, reason } = value;
  return (
    kind === 'completed' ||
    (kind === 'refused' && Array.isArray(errors)) ||
    (kind === 'lost' && typeof reason === 'string')
  );
}
