import type { GraphQLError } from 'graphql';

/** The subprotocol, as a client names it when it opens a WebSocket. */
export const PROTOCOL = 'graphql-transport-ws';

export interface OperationPayload {
  /** Undefined where the document is named instead: see `plugins/persisted-documents`. */
  readonly query?: string | null;
  readonly documentId?: string | null;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
  readonly extensions?: Readonly<Record<string, unknown>> | null;
}

type Payload = Readonly<Record<string, unknown>>;

/** What a client may say; of `graphql-transport-ws`, "Message types". */
export type ClientMessage =
  | { readonly type: 'connection_init' | 'ping' | 'pong'; readonly payload: Payload | undefined }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: OperationPayload }
  | { readonly type: 'complete'; readonly id: string };

/** An id is sent with every event and kept while the operation lasts. */
const MAX_ID_LENGTH = 256;

/** Undefined for anything that the protocol has not. */
export function readMessage(text: string): ClientMessage | undefined {
  const message = parsed(text);
  if (!isObject(message)) return undefined;
  const { type, id, payload } = message;
  switch (type) {
    case 'connection_init':
    case 'ping':
    case 'pong':
      return payload === undefined || payload === null || isObject(payload)
        ? { type, payload: payload ?? undefined }
        : undefined;
    case 'subscribe':
      return isId(id) && isOperation(payload) ? { type, id, payload } : undefined;
    case 'complete':
      return isId(id) ? { type, id } : undefined;
    default:
      return undefined;
  }
}

export function ackMessage(): string {
  return '{"type":"connection_ack"}';
}

export function pongMessage(payload?: Payload): string {
  return JSON.stringify({ type: 'pong', payload });
}

export function errorMessage(id: string, errors: readonly GraphQLError[]): string {
  return JSON.stringify({ id, type: 'error', payload: errors });
}

export function completeMessage(id: string): string {
  return JSON.stringify({ id, type: 'complete' });
}

const TAIL = Buffer.from('}');

/** Of an operation: its `next` messages, around responses that are JSON already. */
export function nextMessages(id: string): (response: Buffer) => Buffer {
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  return (response) => Buffer.concat([head, response, TAIL]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH;
}

function isOperation(value: unknown): value is OperationPayload & Payload {
  if (!isObject(value)) return false;
  const { query, documentId, operationName, variables, extensions } = value;
  const isNamed = typeof documentId === 'string' || isObject(extensions);
  return (
    (typeof query === 'string' || (isNamed && (query === undefined || query === null))) &&
    (operationName === undefined || operationName === null || typeof operationName === 'string') &&
    (variables === undefined || variables === null || isObject(variables)) &&
    (extensions === undefined || extensions === null || isObject(extensions))
  );
}
