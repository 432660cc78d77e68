import { GraphQLError } from 'graphql';

/** Why a call gave no answer that can be used. */
export class CallFailed extends Error {
  readonly kind: FailureKind;
  /** Whether the same call may succeed in a moment. */
  readonly isPassing: boolean;
  /** When the subgraph said that it may be asked again, in ms from now. */
  readonly retryAfter: number | undefined;

  /** `detail` is for the log only: it may hold addresses and parts of an answer. */
  constructor(kind: FailureKind, detail: string, options: FailureOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'CallFailed';
    this.kind = kind;
    this.isPassing = options.isPassing ?? kind !== 'invalid';
    this.retryAfter = options.retryAfter;
  }
}

/** `refused`: not even tried, since the subgraph is known to be down or has too many calls. */
export type FailureKind = 'unreachable' | 'timeout' | 'invalid' | 'refused' | 'cancelled';

interface FailureOptions {
  readonly isPassing?: boolean;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

export function tooLarge(maxBytes: number): CallFailed {
  return new CallFailed('invalid', `an answer of more than ${maxBytes} bytes`);
}

/** What a client may know of it: which subgraph, and in which way it failed. */
export function toClientError(service: string, failure: CallFailed): GraphQLError {
  const [code, message] = said(service, failure.kind);
  return new GraphQLError(message, { extensions: { code, service } });
}

function said(service: string, kind: FailureKind): [code: string, message: string] {
  switch (kind) {
    case 'timeout':
      return ['SUBGRAPH_TIMEOUT', `The subgraph "${service}" did not answer in time.`];
    case 'invalid':
      return ['SUBGRAPH_ERROR', `The subgraph "${service}" gave an answer that cannot be used.`];
    case 'unreachable':
    case 'refused':
    case 'cancelled':
      return ['SUBGRAPH_UNAVAILABLE', `The subgraph "${service}" is not available.`];
  }
}
