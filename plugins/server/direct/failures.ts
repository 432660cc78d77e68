import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayRuntime, Logger } from '@graphql-hive/gateway';
import { createGraphQLError } from '@graphql-tools/utils';
import { GraphQLError } from 'graphql';

/** With which a request begins; plugins add to it. */
export interface ServerContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly waitUntil: GatewayRuntime['waitUntil'];
  /** Of the request: it names its id. */
  readonly log?: Pick<Logger, 'error'>;
  /** Made by `generateRequestId`; undefined before that, and with a client's. */
  readonly requestId?: string;
}

/** How the gateway hides what is not for clients; null when it hides nothing. GraphQL Yoga keeps it to itself. */
interface ErrorMasking {
  readonly maskedErrorsOpts: {
    maskError(error: unknown, message: string, isDev?: boolean): Error;
    readonly errorMessage: string;
    readonly isDev?: boolean;
  } | null;
}

/** What a client learns of what a hook has thrown, as from the pipeline. What it does not learn is logged. */
export function clientErrors(
  thrown: unknown,
  runtime: GatewayRuntime,
  context: ServerContext,
): readonly GraphQLError[] {
  if (thrown instanceof AggregateError) return thrown.errors.flatMap((one) => clientErrors(one, runtime, context));
  // The client has gone.
  if (thrown instanceof DOMException && (thrown.name === 'AbortError' || thrown.name === 'TimeoutError')) return [];
  const { maskedErrorsOpts: masking } = runtime as unknown as ErrorMasking;
  const shown = masking ? masking.maskError(thrown, masking.errorMessage, masking.isDev) : thrown;
  if (shown !== thrown) logFailure(thrown, runtime, context);
  if (shown instanceof GraphQLError) return [shown];
  if (shown instanceof Error) return [createGraphQLError(shown.message, { originalError: shown })];
  return [createGraphQLError(String(shown), { extensions: { code: 'INTERNAL_SERVER_ERROR', unexpected: true } })];
}

const UNEXPECTED = { message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR' } };

/** For a failure that no plugin has made an answer of. It names the request, where it has a name already. */
export function unexpectedResponse({ fetchAPI }: GatewayRuntime, { req, requestId }: ServerContext): Response {
  const id = req.headers['x-request-id'] ?? requestId;
  const headers = id === undefined ? {} : { 'x-request-id': String(id) };
  return fetchAPI.Response.json({ errors: [UNEXPECTED] }, { status: 500, headers });
}

export function logFailure(error: unknown, runtime: GatewayRuntime, { log }: ServerContext): void {
  if (log) log.error({ err: error }, 'A request has failed');
  else runtime.logger.error(error);
}
