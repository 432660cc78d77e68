import type { GatewayPlugin } from '@graphql-hive/gateway';
import { isAsyncIterable } from '@graphql-tools/utils';
import type { ExecutionArgs } from 'graphql';
import { noteErrors } from '../account/index.ts';
import { auditedOperations, type AuditedOperations, type OperationContext } from './audited-operations.ts';
import { recordCounter, type CountRecords } from './metrics.ts';
import { auditSettings, type AuditOptions } from './options.ts';
import { addressWriter } from './record/address.ts';
import { descriptions } from './record/described-operation.ts';
import { recordMaker } from './record/make-record.ts';
import { openRecorder, type Admission, type Recorder } from './recorder.ts';
import { auditUnavailable } from './refusal.ts';
import { keyedHash, redaction, sanitizer as newSanitizer, sensitiveText } from './sanitize/index.ts';
import type { OutletStatus } from './sinks/outlet.ts';

export { auditFromEnvironment, type AuditOptions } from './options.ts';
export type { AddressMode } from './record/address.ts';
export type { AuditRecord } from './record/record.ts';
export type { BackPressure } from './recorder.ts';
export type { RedactionMode } from './sanitize/index.ts';
export { fileSink, type FileSinkOptions } from './sinks/file/index.ts';
export { otlpSink } from './sinks/otlp.ts';
export { redisStreamSink, type RedisStreamSinkOptions } from './sinks/redis-stream.ts';
export type { AuditSink } from './sinks/sink.ts';
export { stdoutSink } from './sinks/stdout.ts';

export interface AuditStatus {
  /** `off`: there is no sink. `down`: one of them does not take records. */
  readonly status: 'ok' | 'down' | 'off';
  readonly sinks: readonly OutletStatus[];
}

export interface AuditPlugin extends GatewayPlugin {
  /** For operators and for health: asks nobody. */
  status(): AuditStatus;
}

/**
 * Writes one record for each operation, also for those that were refused, and one for each start and end of a
 * subscription: who, what, with which decisions and what came of it. Values of variables are redacted unless they are
 * allowed. It comes right after `useAccounts`, so that what others refuse is recorded as well.
 *
 * Throws an `Error` that names the option when one is wrong.
 *
 * @example
 * useAudit({ ...auditFromEnvironment(env, log), allow: ['Query.product(upc:)'], log })
 */
export function useAudit(options: AuditOptions = {}): AuditPlugin {
  const settings = auditSettings(options);
  const { sinks, hashKey } = settings;
  const { addressOf, log } = options;
  if (sinks.length === 0) return { status: () => ({ status: 'off', sinks: [] }) };

  const hashFor = (purpose: string) => hashKey && keyedHash(hashKey, purpose);
  const sanitizer = newSanitizer({ ...settings, redact: redaction(settings.redact, hashFor('value')) });
  const records = recordMaker(addressWriter(settings.address, hashFor('address')), sensitiveText(settings.values));
  let counted: CountRecords | undefined;
  let recorder: Recorder | undefined;
  let operations: AuditedOperations | undefined;

  function open(): void {
    counted ??= recordCounter();
    const count: CountRecords = (...args) => counted?.(...args);
    recorder ??= openRecorder({ ...settings, count, log });
    operations ??= auditedOperations({
      recorder,
      records,
      descriptions: descriptions(sanitizer, settings.clientNames),
      sanitizer,
      addressOf,
    });
  }

  function noteArgs({ args }: { readonly args: ExecutionArgs }): void {
    const operation = operations?.of(args.contextValue as object);
    if (operation) operation.args = args;
  }

  return {
    onYogaInit: open,

    onRequest({ request, serverContext }) {
      // A browser that asks whether it may ask.
      if (request.method !== 'OPTIONS') operations?.request(serverContext as OperationContext);
    },

    onParams({ context, setResult }) {
      const operation = operations?.begin(context as OperationContext);
      if (!operation || !recorder) return undefined;
      const conclude = (admission: Admission): void => {
        operation.admission = admission;
        if (admission === 'refused') setResult({ errors: [auditUnavailable()] });
      };
      const admission = recorder.begin();
      return admission instanceof Promise ? admission.then(conclude) : conclude(admission);
    },

    onParse({ context }) {
      const operation = operations?.of(context);
      return ({ result }) => {
        if (operation && result && !(result instanceof Error)) operation.document = result;
      };
    },

    onExecute: noteArgs,
    onSubscribe: noteArgs,

    // After others have had a part in the result, and before it is sent.
    onExecutionResult({ context, result, setResult }) {
      const operation = operations?.of(context);
      if (!operation || !operations || !recorder || operation.admission === 'refused') return undefined;
      const isStream = isAsyncIterable(result);
      if (!isStream && operation.context.held) operation.account.again.push(operations.answersAgain(operation));
      if (!isStream && !recorder.isSync) return undefined;
      const conclude = (mayAnswer: boolean): void => {
        if (mayAnswer) return;
        const error = auditUnavailable();
        noteErrors(operation.account, [error]);
        if (isStream) void result[Symbol.asyncIterator]().return?.();
        setResult({ errors: [error] });
      };
      if (isStream) return operations.started(operation).then(conclude);
      if (result && 'errors' in result) noteErrors(operation.account, result.errors);
      return operations.recordNow(operation).then(conclude);
    },

    onResponse({ serverContext, response }) {
      if (!recorder?.isSync || !operations) return undefined;
      // What is refused without an operation stays refused, whether it could be recorded or not.
      return operations.recordRequestNow(serverContext as OperationContext, response.status).then(() => {});
    },

    onDispose: () => recorder?.close(),

    status() {
      const each = recorder?.status() ?? [];
      return { status: each.some(({ status }) => status === 'down') ? 'down' : 'ok', sinks: each };
    },
  };
}
