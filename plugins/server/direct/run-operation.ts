import { documentStringMap, isAsyncIterable } from '@envelop/core';
import type { GatewayPlugin } from '@graphql-hive/gateway';
import type { DocumentNode, ExecutionArgs, GraphQLError, GraphQLSchema } from 'graphql';
import { hookedStream, runHooks, type Hook, type StreamHooks } from '../../hooks.ts';

export interface OperationParams {
  readonly query?: string;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** What an operation gives; what is thrown is the caller's to mask. */
export type RunOperation = (params: OperationParams, context: object, schema: GraphQLSchema) => Promise<unknown>;

type Context = Record<string, unknown>;
type Parse = (source: string, options?: object) => DocumentNode;
type Validate = (schema: GraphQLSchema, document: DocumentNode, rules?: unknown[]) => readonly GraphQLError[];
type Execute = (args: ExecutionArgs) => unknown;

const STEPS = ['onParse', 'onValidate', 'onContextBuilding', 'onExecute'] as const;

/** Envelop's way of a query or mutation, in plain loops: parse, validate, build the context, execute. */
export function operationRunner(plugins: readonly GatewayPlugin[]): RunOperation {
  const of = (step: (typeof STEPS)[number]): readonly Hook<unknown>[] =>
    plugins.flatMap((plugin) => (plugin[step] as Hook<unknown> | undefined) ?? []);
  const [onParse, onValidate, onContextBuilding, onExecute] = STEPS.map(of) as [
    readonly Hook<unknown>[],
    readonly Hook<unknown>[],
    readonly Hook<unknown>[],
    readonly Hook<unknown>[],
  ];

  function parse(source: string, context: Context): DocumentNode {
    let result: DocumentNode | Error | null = null;
    const after: Hook<unknown>[] = [];
    const payload = {
      context,
      extendContext: extending(context),
      params: { source, options: undefined },
      parseFn: missing('parse') as Parse,
      setParseFn: (changed: Parse) => void (payload.parseFn = changed),
      setParsedDocument: (document: DocumentNode) => void (result = document),
    };
    for (const hook of onParse) {
      const done = hook(payload);
      if (done) after.push(done as Hook<unknown>);
    }
    result ??= attempt(() => payload.parseFn(source, undefined));
    const told = {
      context,
      extendContext: payload.extendContext,
      replaceParseResult: (changed: DocumentNode | Error) => void (told.result = changed),
      result,
    };
    for (const hook of after) hook(told);
    if (told.result instanceof Error) throw told.result;
    documentStringMap.set(told.result, source);
    return told.result;
  }

  function validate(schema: GraphQLSchema, document: DocumentNode, context: Context): readonly GraphQLError[] {
    let result: readonly GraphQLError[] | undefined;
    let rules: unknown[] | undefined;
    const after: Hook<unknown>[] = [];
    const params = { schema, documentAST: document, rules, typeInfo: undefined, options: undefined };
    const payload = {
      context,
      extendContext: extending(context),
      params,
      validateFn: missing('validate') as Validate,
      addValidationRule(rule: unknown) {
        if (!rules) payload.params = { ...params, rules: (rules = []) };
        rules.push(rule);
      },
      setValidationFn: (changed: Validate) => void (payload.validateFn = changed),
      setResult: (errors: readonly GraphQLError[]) => void (result = errors),
    };
    for (const hook of onValidate) {
      const done = hook(payload);
      if (done) after.push(done as Hook<unknown>);
    }
    result ??= payload.validateFn(schema, document, rules);
    const valid = result.length === 0;
    const told = {
      valid,
      result,
      context,
      extendContext: payload.extendContext,
      setResult: (changed: readonly GraphQLError[]) => void (told.result = changed),
    };
    for (const hook of after) hook(told);
    return told.result;
  }

  async function buildContext(context: Context): Promise<void> {
    let isBroken = false;
    const after: Hook<unknown>[] = [];
    const payload = {
      context,
      extendContext: extending(context),
      breakContextBuilding: () => void (isBroken = true),
    };
    const take = (done: unknown): void => {
      if (done) after.push(done as Hook<unknown>);
    };
    const building = runHooks(onContextBuilding, payload, () => isBroken, take);
    if (building) await building;
    const ending = isBroken ? undefined : runHooks(after, payload);
    if (ending) await ending;
  }

  async function execute(args: ExecutionArgs, context: Context): Promise<unknown> {
    let early: unknown;
    const hooks: Hook<unknown>[] = [];
    const payload = {
      executeFn: missing('execute') as Execute,
      setExecuteFn: (changed: Execute) => void (payload.executeFn = changed),
      setResultAndStopExecution: (result: unknown) => void (early = result),
      context,
      extendContext: extending(context),
      args,
    };
    const take = (done: unknown): void => {
      const { onExecuteDone } = (done ?? {}) as { onExecuteDone?: Hook<unknown> };
      if (onExecuteDone) hooks.push(onExecuteDone);
    };
    const beginning = runHooks(onExecute, payload, () => early !== undefined, take);
    if (beginning) await beginning;
    const told = {
      args,
      result: early ?? (await payload.executeFn({ ...args, contextValue: context })),
      setResult: (changed: unknown) => void (told.result = changed),
    };
    const streams: StreamHooks[] = [];
    const ending = runHooks(hooks, told, undefined, (stream) => {
      if (stream) streams.push(stream);
    });
    if (ending) await ending;
    return isAsyncIterable(told.result) ? hookedStream(told.result, streams, { args }) : told.result;
  }

  return async ({ query = '', operationName, variables }, given, schema) => {
    const context = given as Context;
    const document = parse(query, context);
    const errors = validate(schema, document, context);
    if (errors.length > 0) return { errors };
    await buildContext(context);
    return execute({ schema, document, contextValue: context, variableValues: variables, operationName }, context);
  };
}

/** The gateway's own extends a context by itself. */
function extending(context: Context): (extension: object) => void {
  return (extension) => {
    if (extension !== context) Object.assign(context, extension);
  };
}

function attempt<Result>(act: () => Result): Result | Error {
  try {
    return act();
  } catch (error) {
    return error as Error;
  }
}

function missing(step: string): () => never {
  return () => {
    throw new Error(`No plugin brings a function to ${step} with`);
  };
}
