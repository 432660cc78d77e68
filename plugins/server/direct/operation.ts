import type { GatewayRuntime } from '@graphql-hive/gateway';
import type { GraphQLSchema } from 'graphql';
import { clientErrors, type ServerContext } from './failures.ts';
import { runHooks, type Hook } from '../../hooks.ts';
import type { HttpHooks } from './hooks.ts';
import { urlOf } from './read-request.ts';
import type { RunOperation } from './run-operation.ts';

type Params = Parameters<GatewayRuntime['handleParams']>[0]['params'];
interface Given {
  readonly request: Request;
  readonly params: Params;
  readonly context: Record<string, unknown>;
}
type Parser = (request: Request) => unknown;
type ResultProcessor = (result: unknown, fetchAPI: GatewayRuntime['fetchAPI'], mediaType: string) => unknown;

/** Executes the operations of a request, or of a batch, and makes a response of what they give. */
export function operationOf(
  runtime: GatewayRuntime,
  hooks: HttpHooks,
  run: RunOperation | undefined,
  schemaOf: () => GraphQLSchema | undefined,
): (request: Request, serverContext: ServerContext) => Promise<Response> {
  const { fetchAPI } = runtime;

  async function paramsOf(request: Request, serverContext: ServerContext): Promise<Response | Params | Params[]> {
    let response: Response | undefined;
    const done: Hook<unknown>[] = [];
    const payload = {
      request,
      url: urlOf(request),
      requestParser: undefined as Parser | undefined,
      serverContext,
      setRequestParser: (parser: Parser) => void (payload.requestParser = parser),
      endResponse: (ended: Response) => void (response = ended),
      fetchAPI,
    };
    const parsing = runHooks(
      hooks.onRequestParse,
      payload,
      () => response !== undefined,
      (given) => {
        const { onRequestParseDone } = (given ?? {}) as { onRequestParseDone?: Hook<unknown> };
        if (onRequestParseDone) done.push(onRequestParseDone);
      },
    );
    if (parsing) await parsing;
    if (response) return response;
    if (!payload.requestParser) {
      return new fetchAPI.Response(null, { status: 415, statusText: 'Unsupported Media Type' });
    }
    const parsed = await payload.requestParser(request);
    if (parsed instanceof fetchAPI.Response) return parsed;
    const after = {
      requestParserResult: parsed as Params | Params[],
      setRequestParserResult: (changed: Params | Params[]) => void (after.requestParserResult = changed),
    };
    const ended = runHooks(done, after);
    if (ended) await ended;
    return after.requestParserResult;
  }

  /** A subscription, and what only the pipeline lets plugins do, is for the pipeline's own. */
  function handleParams(given: Given): unknown {
    const { params, context } = given;
    const schema = schemaOf();
    if (!run || !schema || !params.query || params.query.includes('subscription'))
      return runtime.handleParams(given as never);
    if (context['request'] !== given.request) context['request'] = given.request;
    context['params'] = params;
    return run(params, context, schema).catch((error: unknown) => ({
      errors: clientErrors(error, runtime, context as unknown as ServerContext),
    }));
  }

  async function resultOf(params: Params, request: Request, context: object): Promise<unknown> {
    let early: unknown;
    const payload = {
      params,
      request,
      setParams: (changed: Params) => void (payload.params = changed),
      paramsHandler: handleParams,
      setParamsHandler: (changed: (given: Given) => unknown) => void (payload.paramsHandler = changed),
      setResult: (result: unknown) => void (early = result),
      fetchAPI,
      context,
    };
    const asking = runHooks(hooks.onParams, payload);
    if (asking) await asking;
    const after = {
      result:
        early ||
        (await payload.paramsHandler({ request, params: payload.params, context: context as Given['context'] })),
      setResult: (changed: unknown) => void (after.result = changed),
      request,
      context,
    };
    const telling = runHooks(hooks.onExecutionResult, after);
    if (telling) await telling;
    return after.result;
  }

  async function responseOf(given: unknown, request: Request, serverContext: ServerContext): Promise<Response> {
    let processor: { readonly process: ResultProcessor; readonly mediaType: string } | undefined;
    const acceptableMediaTypes: string[] = [];
    const payload = {
      request,
      acceptableMediaTypes,
      result: given,
      setResult: (changed: unknown) => void (payload.result = changed),
      resultProcessor: undefined as ResultProcessor | undefined,
      setResultProcessor(process: ResultProcessor, mediaType: string) {
        payload.resultProcessor = process;
        processor = { process, mediaType };
      },
      serverContext,
    };
    const processing = runHooks(hooks.onResultProcess, payload);
    if (processing) await processing;
    if (!processor) {
      const accept = acceptableMediaTypes.join('; charset=utf-8, ');
      return new fetchAPI.Response(null, { status: 406, statusText: 'Not Acceptable', headers: { accept } });
    }
    return (await processor.process(payload.result, fetchAPI, processor.mediaType)) as Response;
  }

  return async (request, serverContext) => {
    let result: unknown;
    try {
      const params = await paramsOf(request, serverContext);
      if (params instanceof fetchAPI.Response) return params;
      result = Array.isArray(params)
        ? await Promise.all(
            params.map((one) =>
              resultOf(one, request, Object.create(serverContext) as ServerContext).catch((error: unknown) => ({
                errors: clientErrors(error, runtime, serverContext),
              })),
            ),
          )
        : await resultOf(params, request, serverContext);
      return await responseOf(result, request, serverContext);
    } catch (error) {
      return responseOf({ errors: clientErrors(error, runtime, serverContext) }, request, serverContext);
    }
  };
}
