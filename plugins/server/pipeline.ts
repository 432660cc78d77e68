import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { GatewayRuntime } from '@graphql-hive/gateway';
import { sendNodeResponse } from '@whatwg-node/server';
import { logFailure, unexpectedResponse, type ServerContext } from './direct/failures.ts';

/** Answers a request as Hive Gateway does. */
export type Pipeline = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Puts a listener in the place of the runtime's own, which answers with the stack where a plugin has thrown before there
 * is an operation. A client learns nothing of it from this one, and the log does.
 */
export function ownPipeline(server: Server, runtime: GatewayRuntime): Pipeline {
  const { waitUntil } = runtime;

  const pipeline: Pipeline = (req, res) => {
    const context: ServerContext = { req, res, waitUntil };
    Promise.resolve()
      .then(() => runtime.handleNodeRequestAndResponse(req, res, context as never))
      .catch((error: unknown) => {
        logFailure(error, runtime, context);
        return unexpectedResponse(runtime, context);
      })
      .then((response) => sendNodeResponse(response, res, req, true))
      .catch((error: unknown) => {
        logFailure(error, runtime, context);
        res.destroy();
      });
  };
  server.removeListener('request', runtime as Pipeline);
  server.on('request', pipeline);
  return pipeline;
}
