import type { Logger } from '@graphql-hive/gateway';
import {
  isAsyncIterable,
  mapAsyncIterator,
  type ExecutionResult,
  type MaybeAsyncIterable,
  type MaybePromise,
} from '@graphql-tools/utils';
import type { GraphQLError } from 'graphql';
import { CallFailed, toClientError, type FailureKind } from './failure.ts';
import { sanitizeErrors } from './sanitize.ts';

/** How the transports of Hive Gateway mark errors of their own; these hold addresses and parts of answers. */
const TRANSPORT_FAILURES: Readonly<Record<string, FailureKind>> = {
  SUBREQUEST_HTTP_ERROR: 'unreachable',
  RESPONSE_VALIDATION_FAILED: 'invalid',
  TIMEOUT_ERROR: 'timeout',
};

/**
 * Opens a subscription of a subgraph. Never rejects, and neither does its stream: a failure is a last result with an
 * error that a client may see, and all of it stands in the log.
 *
 * @param errorExtensions of the subgraph's own errors that clients may see, beside `code`
 */
export async function openSubscription(
  subgraph: string,
  open: () => MaybePromise<MaybeAsyncIterable<ExecutionResult>>,
  errorExtensions: readonly string[],
  log: Pick<Logger, 'error'>,
): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
  function failed(error: unknown): ExecutionResult {
    log.error({ err: error }, `A subscription of "${subgraph}" failed`);
    const kind = error instanceof SyntaxError ? 'invalid' : 'unreachable';
    return { errors: [toClientError(subgraph, new CallFailed(kind, String(error)))] };
  }

  function sanitized(result: ExecutionResult): ExecutionResult {
    if (!result.errors) return result;
    log.error({ errors: result.errors }, `A subscription of "${subgraph}" reported errors`);
    const errors = result.errors.flatMap((error) => {
      const kind = transportFailure(error);
      return kind
        ? [toClientError(subgraph, new CallFailed(kind, error.message))]
        : (sanitizeErrors(subgraph, [error as never], errorExtensions) as unknown as GraphQLError[]);
    });
    return { ...result, errors };
  }

  try {
    const answer = await open();
    return isAsyncIterable(answer) ? mapAsyncIterator(answer, sanitized, failed) : sanitized(answer);
  } catch (error) {
    return failed(error);
  }
}

/** Undefined for what the subgraph itself said. */
function transportFailure(error: GraphQLError): FailureKind | undefined {
  if (!(error instanceof Error)) return undefined;
  const kind = TRANSPORT_FAILURES[String(error.extensions?.code)];
  return kind ?? (error.originalError ? 'unreachable' : undefined);
}
