import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayPlugin, GatewayRuntime } from '@graphql-hive/gateway';
import type { GraphQLSchema } from 'graphql';
import { runHooks } from '../../hooks.ts';
import { httpHooks, wrapsHttpSteps, wrapsOperationSteps } from './hooks.ts';
import { logFailure, unexpectedResponse, type ServerContext } from './failures.ts';
import { operationOf } from './operation.ts';
import { operationRunner } from './run-operation.ts';
import { ReadRequest, urlOf } from './read-request.ts';
import { writeResponse } from './write-response.ts';

/** Answers a request of which the body has been read. */
export type DirectWay = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/**
 * Takes requests the way of the pipeline without its adapters: each hook of each plugin runs, in the same order and with
 * the same payload, on a request whose body is there already, and the response is written by one write. Undefined when a
 * plugin wraps the steps of a request, which only the pipeline lets it.
 */
export function directWay(
  runtime: GatewayRuntime,
  plugins: readonly GatewayPlugin[],
  schemaOf: () => GraphQLSchema | undefined,
): DirectWay | undefined {
  if (wrapsHttpSteps(plugins)) return undefined;
  const { fetchAPI, waitUntil } = runtime;
  const hooks = httpHooks(plugins);
  const operate = operationOf(
    runtime,
    hooks,
    wrapsOperationSteps(plugins) ? undefined : operationRunner(plugins),
    schemaOf,
  );

  async function responseTo(request: Request, serverContext: ServerContext): Promise<Response | undefined> {
    let response: Response | undefined;
    const payload = {
      request,
      setRequest: (changed: Request) => void (payload.request = changed),
      serverContext,
      fetchAPI,
      url: urlOf(request),
      requestHandler: operate as (request: Request, serverContext: ServerContext) => unknown,
      setRequestHandler: (changed: typeof operate) => void (payload.requestHandler = changed),
      endResponse: (ended: Response) => void (response = ended),
    };
    const begun = runHooks(hooks.onRequest, payload, () => response !== undefined);
    if (begun) await begun;
    response ??= (await payload.requestHandler(payload.request, serverContext)) as Response | undefined;
    const last = {
      request: payload.request,
      response,
      serverContext,
      setResponse: (changed: Response) => void (last.response = changed),
      fetchAPI,
    };
    const ended = runHooks(hooks.onResponse, last);
    if (ended) await ended;
    return last.response;
  }

  async function answer(request: Request, context: ServerContext): Promise<void> {
    let response: Response | undefined;
    try {
      response = await responseTo(request, context);
    } catch (error) {
      logFailure(error, runtime, context);
      response = unexpectedResponse(runtime, context);
    }
    const { req, res } = context;
    try {
      await writeResponse(response, res, req);
    } catch (error) {
      logFailure(error, runtime, context);
      res.destroy();
    }
  }

  return (req, res, body) => {
    const request = new ReadRequest(fetchAPI, req, res, body) as unknown as Request;
    void answer(request, { req, res, waitUntil });
  };
}
