import type { IncomingMessage } from 'node:http';
import type { OperationProfile } from '../operation/index.ts';
import type { Principal } from '../request-context.ts';
import type { CallAccount } from './call.ts';
import type { OperationTrace } from './trace.ts';

/**
 * An account of one operation: how it goes is written down here by each plugin that has a part in it, and told of by
 * others (telemetry, audit) when it has ended. For a request that never becomes an operation, it is of the request.
 */
export interface OperationAccount {
  readonly transport: 'http' | 'websocket';
  /** On the clock of `performance.now()`; with `performance.timeOrigin`, ms since 1970. */
  readonly start: number;
  /** Undefined without `plugins/telemetry`. */
  trace: OperationTrace | undefined;
  /** By which it is found in the log. */
  requestId: string;
  /** What the cache of whole responses had to do with it; undefined when it was not asked. */
  cache: ResponseCacheUse | undefined;
  /** Calls to subgraphs that it needed, in the order in which they began; at most `MAX_CALLS`. */
  readonly calls: CallAccount[];
  /** Error codes of what the client got; at most `MAX_CODES`. */
  readonly codes: Set<string>;
  /** Responses that were sent: 1, or one for each event of a subscription. */
  responses: number;
  /** Bytes that were sent. Over HTTP known when it has ended, and with its headers. */
  bytes: number;
  /** Calls the listener once, when nothing more of it is sent: at once when that is so already. */
  whenEnded(listener: (end: OperationEnd) => void): void;
  /** To be called by the transport. Only the first call counts. */
  end(end: OperationEnd): void;
  /** For answers that are given again to equal requests, without executing anything: see `AnswersAgain`. */
  readonly again: AnswersAgain[];
}

export interface OperationEnd {
  /** Of the HTTP response; undefined on a WebSocket. */
  readonly status: number | undefined;
  /** `left`: the client went, or stopped it, before all was sent. */
  readonly how: 'answered' | 'left';
}

export interface ResponseCacheUse {
  readonly tier: 'l1' | 'l2' | undefined;
  readonly outcome: 'hit' | 'miss' | 'stale' | 'bypass';
}

/** Who has to hear of an answer that is given again, with the account of the operation that it was made for. */
export interface AnswersAgain {
  /** Whether one may be given now: otherwise the request is executed as any other. */
  mayAnswer(): boolean;
  answered(again: AnsweredAgain): void;
}

export interface AnsweredAgain {
  /** Of its trace, once whoever traces it has been told. */
  traceId: string | undefined;
  readonly request: IncomingMessage;
  readonly requestId: string;
  /** On the clock of `performance.now()`; with `performance.timeOrigin`, ms since 1970. */
  readonly start: number;
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
  /** Of the operation that was executed. */
  readonly operation: OperationProfile | undefined;
  readonly status: number;
  /** With its headers. */
  readonly bytes: number;
}

export const MAX_CODES = 20;

export function newAccount(transport: OperationAccount['transport'], requestId: string): OperationAccount {
  let ended: OperationEnd | undefined;
  const listeners: ((end: OperationEnd) => void)[] = [];
  return {
    transport,
    start: performance.now(),
    trace: undefined,
    requestId,
    cache: undefined,
    calls: [],
    codes: new Set(),
    responses: 0,
    bytes: 0,
    whenEnded(listener) {
      if (ended) listener(ended);
      else listeners.push(listener);
    },
    end(end) {
      if (ended) return;
      ended = end;
      for (const listener of listeners.splice(0)) listener(end);
    },
    again: [],
  };
}
